package pipe

import (
	"context"
	"io"
	"log/slog"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/feed"
)

// pipe is the egress.
type pipe struct {
	name   string // of the output, for errors
	open   func(ctx context.Context) (io.WriteCloser, error)
	pacing egress.Pacing
	log    *slog.Logger
}

// build makes the egress that writes to what open opens, which name stands for in errors. Errors: egress.ErrConfig.
func build(cfg *egress.Config, name string, open func(context.Context) (io.WriteCloser, error)) (egress.Egress, error) {
	if err := feed.KnownParams(cfg, "pacing"); err != nil {
		return nil, err
	}
	choice, err := feed.ChoiceParam(cfg, "pacing", "playout", "complete")
	if err != nil {
		return nil, err
	}
	p := &pipe{name: name, open: open, pacing: egress.AtPlayout, log: cfg.Log}
	if choice == "complete" {
		p.pacing = egress.AsComplete
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	return p, nil
}
