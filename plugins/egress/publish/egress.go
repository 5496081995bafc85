package publish

import (
	"context"
	"time"

	"github.com/shoal-live/shoal/core/egress"
)

const (
	firstWait = 250 * time.Millisecond // before connecting again
	longWait  = 5 * time.Second        // it doubles up to this
	giveUp    = 30 * time.Second       // without a connection
)

// New publishes to Config.Listen, the URL of a path: rtsp:// or rtsps://, with user and password where the server wants
// them. There are no parameters. Errors: egress.ErrConfig.
func New(cfg egress.Config) (egress.Egress, error) {
	o, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Pacing implements egress.Egress: the server's readers have buffers of their own.
func (o *output) Pacing() egress.Pacing { return egress.AsComplete }

// Run implements egress.Egress.
func (o *output) Run(ctx context.Context, items <-chan egress.Item, ready func([]string)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p := &publisher{output: o, ctx: ctx, results: make(chan result)}
	defer p.end(stop)
	p.connect(nil)
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-p.results:
			if r.attempt != p.attempt {
				r.link.close() // for formats that have changed meanwhile
				continue
			}
			if r.err == nil && !p.here {
				ready([]string{o.shown})
			}
			if err := p.connected(r); err != nil {
				return err
			}
		case <-p.link.gone():
			if err := p.lost(); err != nil {
				return err
			}
		case <-p.retry:
			p.reconnect()
		case item, ok := <-items:
			if !ok {
				return nil
			}
			p.take(item)
		}
	}
}
