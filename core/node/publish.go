package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/swarm"
)

// Publish joins a stream as its source and feeds it from an ingest, which is started again with back-off when
// it fails, each time in a new epoch. It blocks until ctx ends (then nil), and leaves the stream then. Errors that
// trying again will not mend: ErrConfig, ingest.ErrConfig. What else goes wrong is an event and a log line.
func (n *Node) Publish(ctx context.Context, cfg StreamConfig, pub PublishConfig) error {
	if err := pub.validate(); err != nil {
		return fmt.Errorf("stream %q: %w", cfg.Name, err)
	}
	cfg.Role = swarm.Source
	cfg.Stream = chunk.NewStreamID(publicKey(pub.Key), cfg.Name)
	if err := n.Join(cfg); err != nil {
		return err
	}
	p := &publication{node: n, name: cfg.Name, stream: cfg.Stream, cfg: pub}
	err := p.run(ctx)
	cause := "stopped"
	if err != nil {
		cause = err.Error()
	}
	n.cfg.Events(event.StreamUnavailable{Name: cfg.Name, Stream: cfg.Stream, Cause: cause})
	if e := n.Leave(cfg.Name); e != nil && !errors.Is(e, ErrClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// publication is one stream that this node publishes; it is the sink of its ingest.
type publication struct {
	node   *Node
	name   string
	stream chunk.StreamID
	cfg    PublishConfig
	ctx    context.Context // of the ingest that runs
	author chunk.Author    // of the current epoch

	measurer ingest.Measurer // nil when the ingest does not measure
	groups   uint64          // since its figures were last taken

	mu   sync.Mutex
	told string // failure that was told last; "" since the epoch that runs began
}

func (p *publication) run(ctx context.Context) error {
	var b backoff
	p.ctx = ctx
	for ctx.Err() == nil {
		began := time.Now()
		in, err := p.cfg.Ingest(ctx)
		if err == nil {
			p.measurer, _ = in.(ingest.Measurer)
			err = in.Run(ctx, p)
		}
		switch {
		case ctx.Err() != nil || errors.Is(err, ErrClosed):
			return nil
		case errors.Is(err, ingest.ErrConfig):
			p.failed(err, 0)
			return err
		case err == nil:
			err = fmt.Errorf("%w: it ended", ingest.ErrSource)
		}
		d := b.after(time.Since(began))
		if errors.Is(err, ingest.ErrCodec) {
			d = restartMost // only another publisher mends it
		}
		p.failed(err, d)
		if !wait(ctx, d) {
			return nil
		}
	}
	return nil
}

// failed tells that the ingest has failed, once for as long as it fails for the same reason.
func (p *publication) failed(err error, retry time.Duration) {
	p.mu.Lock()
	again := p.told == err.Error()
	p.told = err.Error()
	p.mu.Unlock()
	log := p.node.cfg.Log.With("stream", p.name, "error", err, "retry", retry)
	if again {
		log.Debug("ingest fails on")
		return
	}
	log.Error("ingest failed")
	p.node.cfg.Events(event.IngestFailed{Name: p.name, Cause: err.Error(), Retry: retry})
}

// works takes notice that the ingest delivers: what fails next is news.
func (p *publication) works() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = ""
}

// Tracks begins an epoch.
func (p *publication) Tracks(m ingest.Media) error {
	epoch, err := p.cfg.NextEpoch(p.ctx)
	if err != nil {
		return fmt.Errorf("lease of stream %q: %w", p.name, err)
	}
	d := &chunk.Descriptor{
		Name:           p.name,
		Publisher:      publicKey(p.cfg.Key),
		Epoch:          epoch,
		Substreams:     p.cfg.Substreams,
		ChunkSize:      p.cfg.ChunkSize,
		Authentication: p.cfg.Authentication,
		Bitrate:        m.Bitrate,
		GroupSpan:      p.cfg.GroupSpan,
		RandomAccess:   m.RandomAccess,
		Tracks:         m.Tracks,
		Init:           m.Init,
	}
	signed, err := chunk.Sign(d, p.cfg.Key)
	if err != nil {
		return err
	}
	author, err := p.cfg.Author(d, p.cfg.Key)
	if err != nil {
		return err
	}
	var derr error
	if err := p.node.call(func() {
		st := p.node.byStream[p.stream]
		if st == nil {
			derr = ErrClosed
			return
		}
		p.node.touch(st)
		if derr = st.engine.Describe(p.node.now(), signed); derr == nil && st.cfg.Rendezvous != nil {
			st.cfg.Rendezvous.Describe(signed)
		}
	}); err != nil {
		return err
	}
	if derr != nil {
		return derr
	}
	p.author = author
	p.works()
	p.node.cfg.Events(event.StreamAvailable{Name: p.name, Stream: p.stream, Epoch: epoch, Tracks: m.Tracks})
	return nil
}

// Group publishes one group of the epoch that Tracks began.
func (p *publication) Group(g chunk.Group) error {
	author := p.author
	delays := p.measured()
	taken := p.node.inbox.post(func() {
		st := p.node.byStream[p.stream]
		if st == nil {
			return
		}
		p.node.touch(st)
		for _, d := range delays {
			st.ingest.Add(d.Microseconds())
		}
		if err := st.engine.Publish(p.node.now(), g, author); err != nil {
			p.node.cfg.Log.Warn("group not published", "stream", p.name, "error", err)
		}
	})
	if !taken {
		return ErrClosed
	}
	return nil
}

// measureEvery is after how many groups an ingest's figures are taken.
const measureEvery = 20

// measured takes what the ingest has measured, now and then.
func (p *publication) measured() []time.Duration {
	if p.groups++; p.measurer == nil || p.groups%measureEvery != 0 {
		return nil
	}
	return p.measurer.Measured()
}
