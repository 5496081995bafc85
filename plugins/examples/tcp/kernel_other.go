//go:build !linux

package main

import "github.com/shoal-live/shoal/core/transport"

// queueLittle bounds what waits in the kernel.
func (w *wire) queueLittle() { _ = w.SetWriteBuffer(mostQueued) } // else more waits there

// drain is not to be had here: what the kernel has taken counts as sent.
func (w *wire) drain() error { return nil }

// counted is not to be had here either.
func (w *wire) counted() (u transport.Usage, told bool) { return u, false }

// window is not known here: two frames wait at the most.
func (w *wire) window() int { return 0 }
