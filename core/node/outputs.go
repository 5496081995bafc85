package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/engine"
)

const (
	feedDepth  = 256  // items that wait for an egress
	maxPending = 1024 // deliveries that wait for their time
)

// output is one egress of a stream, and what waits for it. What is not atomic belongs to the loop.
type output struct {
	name    string
	feed    chan egress.Item // nil while no egress runs
	pacing  egress.Pacing
	begun   bool // Begin of the current epoch was fed
	skip    bool // until the next random-access group: the feed was full, or the egress is new
	lastEnd time.Duration
	pending []pendingItem // for pacing AtPlayout
	dropped atomic.Uint64 // groups that found the feed full
	urls    atomic.Pointer[[]string]
	stop    context.CancelFunc
	ended   chan struct{}
}

type pendingItem struct {
	due        time.Duration
	descriptor *chunk.Descriptor
	item       egress.Item
}

// startOutput keeps an egress running until ctx ends.
func (n *Node) startOutput(ctx context.Context, cfg Output) *output {
	o := &output{name: cfg.Name, skip: true, ended: make(chan struct{})}
	ctx, o.stop = context.WithCancel(ctx)
	n.group.Go(func() {
		defer close(o.ended)
		n.runOutput(ctx, o, cfg)
	})
	return o
}

// AddOutput gives a stream one output more while it plays, and returns at once: what it is given begins with the next
// random-access group. Errors: ErrConfig when the stream has one of that name; ErrUnknownStream; ErrClosed.
func (n *Node) AddOutput(stream string, cfg Output) error {
	err := ErrUnknownStream
	if e := n.call(func() {
		st := n.named(stream)
		if st == nil {
			return
		}
		if err = nil; st.output(cfg.Name) >= 0 {
			err = fmt.Errorf("%w: stream %q: there is an output %q already", ErrConfig, stream, cfg.Name)
			return
		}
		st.outputs = append(st.outputs, n.startOutput(st.ctx, cfg))
	}); e != nil {
		return e
	}
	return err
}

// RemoveOutput ends an output of a stream that plays, and returns once it has ended, so that another can have its address.
// One that is not there has ended. Errors: ErrUnknownStream, ErrClosed.
func (n *Node) RemoveOutput(stream, name string) error {
	var o *output
	err := ErrUnknownStream
	if e := n.call(func() {
		st := n.named(stream)
		if st == nil {
			return
		}
		err = nil
		if i := st.output(name); i >= 0 {
			o = st.outputs[i]
			o.stop()
			st.outputs = slices.Delete(st.outputs, i, i+1)
		}
	}); e != nil {
		return e
	}
	if o == nil {
		return err
	}
	select {
	case <-o.ended:
		return nil
	case <-n.ended:
		return ErrClosed
	}
}

// output is the index of the output of that name, -1 when there is none.
func (st *stream) output(name string) int {
	return slices.IndexFunc(st.outputs, func(o *output) bool { return o.name == name })
}

// runOutput starts an egress again when it has ended, unless its config is wrong. For as long as it fails for the same
// reason without having worked, it is told once.
func (n *Node) runOutput(ctx context.Context, o *output, cfg Output) {
	var b backoff
	told := ""
	for ctx.Err() == nil {
		began := time.Now()
		err := n.runEgress(ctx, o, cfg)
		if ctx.Err() != nil {
			return
		}
		d := b.after(time.Since(began))
		log := n.cfg.Log.With("output", o.name, "error", err)
		switch {
		case errors.Is(err, egress.ErrConfig):
			log.Error("output cannot be had")
			n.fail(o.name, err)
			return
		case err != nil && err.Error() == told && time.Since(began) < restartReset:
			log.Debug("output fails on", "retry", d)
		default:
			log.Error("output ended", "retry", d)
			n.fail(o.name, err)
		}
		if told = ""; err != nil {
			told = err.Error()
		}
		if !wait(ctx, d) {
			return
		}
	}
}

// runEgress runs one life of an egress.
func (n *Node) runEgress(ctx context.Context, o *output, cfg Output) error {
	e, err := cfg.Start(ctx)
	if err != nil {
		return err
	}
	feed := make(chan egress.Item, feedDepth)
	n.inbox.post(func() { o.feed, o.pacing, o.begun, o.skip, o.pending = feed, e.Pacing(), false, true, nil })
	defer n.inbox.post(func() {
		if o.feed == feed {
			o.feed = nil
		}
	})
	return e.Run(ctx, feed, func(urls []string) {
		list := append([]string(nil), urls...)
		o.urls.Store(&list)
		if cfg.Ready != nil {
			cfg.Ready(list)
		}
	})
}

// deliver gives one delivery of the engine to every output.
func (st *stream) deliver(n *Node, d *engine.Delivery) {
	if d.Descriptor != nil {
		st.descriptor = d.Descriptor
		for _, o := range st.outputs {
			o.begun = false
		}
	}
	var item egress.Item = egress.Media{Group: d.Group, Due: n.at(d.Due)}
	if d.Gap() {
		item = egress.Gap{From: d.Group.Time, Resume: d.Group.Time + d.Group.Span}
	}
	for _, o := range st.outputs {
		if o.feed == nil {
			continue
		}
		if o.pacing == egress.AtPlayout && len(o.pending) < maxPending {
			o.pending = append(o.pending, pendingItem{due: d.Due, descriptor: st.descriptor, item: item})
			continue
		}
		o.push(st.descriptor, item)
	}
}

// begin has what this node publishes begin an epoch at its own outputs.
func (st *stream) begin(d *chunk.Descriptor) {
	st.descriptor, st.published = d, 0
	for _, o := range st.outputs {
		o.begun = false
	}
}

// own gives a group that this node publishes to its own outputs: at once, for nobody has it earlier.
func (st *stream) own(n *Node, g chunk.Group) {
	g.Epoch, g.GroupHeader.Group = st.descriptor.Epoch, st.published
	st.published++
	st.deliver(n, &engine.Delivery{Group: g, Due: n.now()})
}

// push feeds an item, behind the Begin that it needs.
func (o *output) push(d *chunk.Descriptor, item egress.Item) {
	m, media := item.(egress.Media)
	if o.skip && (!media || !m.Group.RandomAccess) {
		return
	}
	if !o.begun {
		if d == nil || !o.offer(egress.Begin{Descriptor: d}) {
			return
		}
		o.begun = true
	} else if o.skip && o.lastEnd < m.Group.Time && !o.offer(egress.Gap{From: o.lastEnd, Resume: m.Group.Time}) {
		return
	}
	if !o.offer(item) {
		return
	}
	o.skip = false
	if media {
		o.lastEnd = m.Group.Time + m.Group.Span
	}
}

// offer puts an item into the feed, or counts it as dropped.
func (o *output) offer(item egress.Item) bool {
	select {
	case o.feed <- item:
		return true
	default:
		o.dropped.Add(1)
		o.skip = true
		return false
	}
}

// outputsDue is when the next delivery is due at an output paced by playout; those due are fed.
func (st *stream) outputsDue(now time.Duration) time.Duration {
	next := never
	for _, o := range st.outputs {
		k := 0
		for k < len(o.pending) && o.pending[k].due <= now {
			if o.feed != nil {
				o.push(o.pending[k].descriptor, o.pending[k].item)
			}
			k++
		}
		if k > 0 {
			o.pending = append(o.pending[:0], o.pending[k:]...)
		}
		if len(o.pending) > 0 {
			next = min(next, o.pending[0].due)
		}
	}
	return next
}
