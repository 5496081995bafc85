//go:build !linux

package host

import (
	"context"
	"log/slog"
)

// holdsLimits: this platform does not.
const holdsLimits = false

func bound(int, Limits, *slog.Logger) {}

func limitEnvironment(Limits) []string { return nil }

// confine has nothing to take here.
func confine() error { return nil }

// guard has no limits to hold.
func (p *process) guard(context.Context) {}
