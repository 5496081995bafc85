package node

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/report"
)

// stream is this node's part in one stream.
type stream struct {
	cfg     StreamConfig
	engine  *engine.Engine
	share   *budget.Share // of the uplink
	index   uint64
	wake    time.Duration // when the engine wants a tick
	touched bool          // is in Node.touched
	left    bool          // its engine is to be used no more
	talk    talk
	outputs []*output
	ctx     context.Context // ends with the stream
	stop    context.CancelFunc
	// stopPolicy ends the goroutine that keeps the policy running.
	stopPolicy context.CancelFunc
	report     lastReport
	ingest     report.Histogram // capture -> born, at a source whose ingest measures it

	descriptor *chunk.Descriptor // of the deliveries that come now; nil before the first
	published  uint64            // groups of the epoch, at its source
	away       error             // why the rendezvous does not answer; nil while it does
	refused    error             // why it never will
}

// Join takes part in a stream until Leave or the end of the node, and returns at once. Errors: ErrConfig, naming
// the field; ErrClosed.
func (n *Node) Join(cfg StreamConfig) error {
	if err := cfg.validate(); err != nil {
		return err
	}
	var err error
	if e := n.call(func() { err = n.join(cfg) }); e != nil {
		return e
	}
	return err
}

func (n *Node) join(cfg StreamConfig) error {
	if n.byStream[cfg.Stream] != nil {
		return fmt.Errorf("%w: stream %q is joined already", ErrConfig, cfg.Name)
	}
	n.lastIdx++
	overhead, frame := n.frameLimits()
	share := n.budget.Share(cfg.Weight)
	e, err := engine.New(engine.Config{
		Self:            n.self,
		Role:            cfg.Role,
		Stream:          cfg.Stream,
		Index:           n.lastIdx,
		Seed:            cfg.Seed,
		Budget:          share,
		Authentications: n.cfg.Authentications,
		Restorer:        n.cfg.Restorer,
		Overhead:        overhead,
		MaxFrame:        frame,
		MaxLinks:        cfg.MaxLinks,
		Playout:         cfg.Playout,
		Wall:            n.start.UnixMicro(),
	})
	if err != nil {
		share.Close()
		return err
	}
	st := &stream{cfg: cfg, engine: e, share: share, index: n.lastIdx, talk: talk{deadline: never}}
	if len(cfg.Signed) > 0 {
		if err := e.Describe(n.now(), cfg.Signed); err != nil {
			return err
		}
	}
	decide := cfg.Policy.Inline
	if decide == nil {
		decide = cfg.Fallback
	}
	if st.talk.inline, err = decide(); err != nil {
		return err
	}
	n.streams = append(n.streams, st)
	n.byStream[cfg.Stream] = st
	ctx, stop := context.WithCancel(n.runCtx)
	st.stop = stop
	st.ctx, st.stopPolicy = ctx, func() {}
	if cfg.Policy.Inline == nil {
		n.startPolicy(st)
	}
	if cfg.Rendezvous != nil {
		n.group.Go(func() { n.runRendezvous(ctx, st) })
		cfg.Rendezvous.Reachable(n.addresses())
	}
	for _, o := range cfg.Outputs {
		st.outputs = append(st.outputs, n.startOutput(ctx, o))
	}
	n.touch(st)
	return nil
}

// frameLimits are those that every transport of the node keeps.
func (n *Node) frameLimits() (overhead, frame int) {
	for _, s := range n.slots {
		if s.caps.MaxChunk > 0 {
			overhead = max(overhead, s.caps.Overhead)
			if frame == 0 || s.caps.MaxChunk < frame {
				frame = s.caps.MaxChunk
			}
		}
	}
	return overhead, frame
}

// Leave ends this node's part in a stream, and returns once its outputs have ended. Leaving a stream that was
// not joined does nothing. Errors: ErrClosed.
func (n *Node) Leave(name string) error {
	var outputs []*output
	err := n.call(func() {
		if st := n.named(name); st != nil {
			outputs = st.outputs
			n.leave(st)
		}
	})
	for _, o := range outputs {
		select {
		case <-o.ended:
		case <-n.ended:
			return ErrClosed
		}
	}
	return err
}

func (n *Node) leave(st *stream) {
	st.engine.Leave(n.now())
	n.carry(st, st.engine.Ready(n.now()))
	for _, id := range sortedLinks(n.links) {
		if l := n.links[id]; slices.Contains(l.streams, st) {
			n.partWith(st, l)
		}
	}
	st.left = true
	st.share.Close()
	st.stop()
	n.streams = slices.DeleteFunc(n.streams, func(o *stream) bool { return o == st })
	delete(n.byStream, st.cfg.Stream)
	for peer, w := range n.wanted { // order-free: each entry on its own
		w.streams = slices.DeleteFunc(w.streams, func(o *stream) bool { return o == st })
		if len(w.streams) == 0 {
			delete(n.wanted, peer)
		}
	}
}

func (n *Node) named(name string) *stream {
	for _, st := range n.streams {
		if st.cfg.Name == name {
			return st
		}
	}
	return nil
}

// SetPolicy gives a stream another policy while it plays: it starts with a snapshot of the state, and links and
// standing orders stay. While a process starts, the fallback decides. Errors: ErrClosed, ErrUnknownStream, or
// what the policy's Inline answers.
func (n *Node) SetPolicy(name string, source PolicySource) error {
	err := ErrUnknownStream
	if e := n.call(func() {
		if st := n.named(name); st != nil {
			err = n.setPolicy(st, source)
		}
	}); e != nil {
		return e
	}
	return err
}

func (n *Node) setPolicy(st *stream, source PolicySource) error {
	if source.Inline == nil {
		p, err := st.cfg.Fallback()
		if err != nil {
			return err
		}
		st.cfg.Policy = source
		n.decide(st, talk{inline: p})
		n.startPolicy(st)
		return nil
	}
	p, err := source.Inline()
	if err != nil {
		return err
	}
	st.cfg.Policy = source
	st.stopPolicy()
	n.decide(st, talk{inline: p})
	return nil
}
