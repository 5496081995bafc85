package node

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
)

// life is one run of an ingest, and that ingest's sink. A nil life has no tracks and does not end.
type life struct {
	of    *publication
	cfg   PublishConfig
	ctx   context.Context
	stop  context.CancelFunc
	began time.Time
	first chan struct{} // closed once it has tracks
	done  chan struct{} // closed when it has ended
	err   error         // why, once done is closed

	author   chunk.Author    // of the current epoch
	measurer ingest.Measurer // nil when the ingest does not measure
	groups   uint64          // since its figures were last taken
}

// begin starts an ingest, which ends with ctx.
func (p *publication) begin(ctx context.Context, group *sync.WaitGroup, cfg PublishConfig) *life {
	l := &life{of: p, cfg: cfg, began: time.Now(), first: make(chan struct{}), done: make(chan struct{})}
	l.ctx, l.stop = context.WithCancel(ctx)
	group.Go(func() {
		defer close(l.done)
		defer l.stop()
		in, err := cfg.Ingest(l.ctx)
		if err == nil {
			l.measurer, _ = in.(ingest.Measurer)
			err = in.Run(l.ctx, l)
		}
		l.err = err
	})
	return l
}

func (l *life) tracked() <-chan struct{} {
	if l == nil {
		return nil
	}
	return l.first
}

func (l *life) ended() <-chan struct{} {
	if l == nil {
		return nil
	}
	return l.done
}

// end stops it and waits until it has ended.
func (l *life) end() {
	if l != nil {
		l.stop()
		<-l.done
	}
}

// Tracks begins an epoch, and takes over from another life.
func (l *life) Tracks(m ingest.Media) error {
	p := l.of
	epoch, err := l.cfg.NextEpoch(l.ctx)
	if err != nil {
		return fmt.Errorf("lease of stream %q: %w", p.name, err)
	}
	d := &chunk.Descriptor{
		Name:           p.name,
		Publisher:      publicKey(l.cfg.Key),
		Epoch:          epoch,
		Substreams:     l.cfg.Substreams,
		ChunkSize:      l.cfg.ChunkSize,
		Authentication: l.cfg.Authentication,
		Bitrate:        m.Bitrate,
		GroupSpan:      l.cfg.GroupSpan,
		RandomAccess:   m.RandomAccess,
		Parity:         l.cfg.Parity,
		Tracks:         m.Tracks,
		Init:           m.Init,
	}
	signed, err := chunk.Sign(d, l.cfg.Key)
	if err != nil {
		return err
	}
	author, err := l.cfg.Author(d, l.cfg.Key)
	if err != nil {
		return err
	}
	if e := p.node.call(func() { err = l.describe(d, signed) }); e != nil {
		return e
	}
	if err != nil {
		return err
	}
	l.author = author
	p.works()
	p.node.cfg.Events(event.StreamAvailable{Name: p.name, Stream: p.stream, Epoch: epoch, Tracks: m.Tracks})
	select {
	case <-l.first:
	default:
		close(l.first)
	}
	return nil
}

// describe gives the engine, the rendezvous and the outputs a new epoch. It runs on the loop.
func (l *life) describe(d *chunk.Descriptor, signed []byte) error {
	n := l.of.node
	st := n.byStream[l.of.stream]
	if st == nil || l.ctx.Err() != nil {
		return ErrClosed
	}
	n.touch(st)
	if err := st.engine.Describe(n.now(), signed); err != nil {
		return err
	}
	l.of.live = l
	st.begin(d)
	if st.cfg.Rendezvous != nil {
		st.cfg.Rendezvous.Describe(signed)
	}
	return nil
}

// Group publishes one group of the epoch that Tracks began. What comes after another life took over is dropped.
func (l *life) Group(g chunk.Group) error {
	author, p := l.author, l.of
	delays := l.measured()
	taken := p.node.inbox.post(func() {
		st := p.node.byStream[p.stream]
		if st == nil || p.live != l {
			return
		}
		p.node.touch(st)
		for _, d := range delays {
			st.ingest.Add(d.Microseconds())
		}
		if err := st.engine.Publish(p.node.now(), g, author); err != nil {
			p.node.cfg.Log.Warn("group not published", "stream", p.name, "error", err)
			return
		}
		st.own(p.node, g)
	})
	if !taken {
		return ErrClosed
	}
	return nil
}

// measureEvery is after how many groups an ingest's figures are taken.
const measureEvery = 20

// measured takes what the ingest has measured, now and then.
func (l *life) measured() []time.Duration {
	if l.groups++; l.measurer == nil || l.groups%measureEvery != 0 {
		return nil
	}
	return l.measurer.Measured()
}
