package tool

import "errors"

var (
	// ErrNoCheckout means that neither the working directory nor the running
	// binary lies in a checkout of Shoal, so there is no pinned version to
	// build. The way out is MEDIAMTX_BIN.
	ErrNoCheckout = errors.New("not inside a checkout of Shoal")

	// ErrNoGo means that there is no go command to build MediaMTX with.
	ErrNoGo = errors.New("no go command in PATH")

	// ErrExited means that MediaMTX ended before its control API answered.
	// The end of its log is in the message.
	ErrExited = errors.New("MediaMTX exited")

	// ErrStopped means that the server was stopped by Stop and can be used
	// again only after Restart.
	ErrStopped = errors.New("MediaMTX is stopped")
)
