package node

import (
	"context"
	"time"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
)

const never = time.Duration(1<<63 - 1)

// probeEvery is how often a policy on probation is given a snapshot.
const probeEvery = 500 * time.Millisecond

// talk is the conversation of one stream with its policy. All of it belongs to the loop but for what the
// goroutines of runPolicy hold.
type talk struct {
	inline   scheduler.Policy // decides, when set
	worker   *worker          // decides otherwise
	turn     uint64           // counts who decides; answers of an earlier turn are dropped
	deadline time.Duration    // when the answer outstanding is too late; never when there is none
	replaced bool             // the fallback decides since the policy was late or dead
}

// worker is a policy that runs elsewhere, and answers from its own goroutine.
type worker struct {
	batches chan *scheduler.Batch // holds one
	over    chan struct{}         // closed when somebody else decides
}

// consult gives a batch to whoever decides. It reports whether the answer is in already.
func (n *Node) consult(st *stream, b *scheduler.Batch) bool {
	t := &st.talk
	if t.inline != nil {
		st.engine.Answer(n.now(), t.inline.Step(b))
		return true
	}
	t.deadline = n.now() + scheduler.Patience
	select {
	case t.worker.batches <- b:
	default: // cannot be: the engine waits for the answer before the next batch
	}
	return false
}

// answered takes a worker's answer.
func (n *Node) answered(st *stream, turn uint64, a scheduler.Answer) {
	if st.left || st.talk.turn != turn {
		return
	}
	st.talk.deadline = never
	n.touch(st)
	st.engine.Answer(n.now(), a)
}

// late puts the fallback in the place of a worker that has not answered in time, or is dead.
func (n *Node) late(st *stream, cause string) {
	p, err := st.cfg.Fallback()
	if err != nil {
		n.cfg.Log.Error("fallback policy", "stream", st.cfg.Name, "error", err)
		return
	}
	n.decide(st, talk{inline: p, replaced: true})
	n.cfg.Log.Warn("policy replaced by the fallback", "stream", st.cfg.Name, "policy", st.cfg.Policy.Name, "cause", cause)
	n.cfg.Events(event.PolicyReplaced{Stream: st.cfg.Stream, Policy: st.cfg.Policy.Name, Fallback: "built-in", Cause: cause})
}

// decide puts another in the place of who decides, with a snapshot.
func (n *Node) decide(st *stream, next talk) {
	if st.talk.worker != nil {
		close(st.talk.worker.over)
	}
	next.turn, next.deadline = st.talk.turn+1, never
	st.talk = next
	n.touch(st)
	st.engine.Restart(n.now())
}

// startPolicy keeps the policy that the stream is configured with running.
func (n *Node) startPolicy(st *stream) {
	if st.stopPolicy != nil {
		st.stopPolicy()
	}
	ctx, stop := context.WithCancel(st.ctx)
	st.stopPolicy = stop
	source := st.cfg.Policy
	n.group.Go(func() { n.runPolicy(ctx, st, source) })
}

// install makes w decide.
func (n *Node) install(st *stream, w *worker) uint64 {
	returned := st.talk.replaced
	n.decide(st, talk{worker: w})
	if returned {
		n.cfg.Events(event.PolicyReturned{Stream: st.cfg.Stream, Policy: st.cfg.Policy.Name})
	}
	return st.talk.turn
}

// runPolicy keeps a policy running for a stream until ctx ends. The first one decides as soon as it runs; one that was
// replaced decides again after scheduler.Probation of timely answers. Until the first runs, the fallback decides.
func (n *Node) runPolicy(ctx context.Context, st *stream, source PolicySource) {
	var b backoff
	for first := true; ctx.Err() == nil; first = false {
		began := time.Now()
		h, err := source.Start(ctx)
		if err == nil {
			if first || n.probation(ctx, st, h) {
				n.serve(ctx, st, h)
			}
			h.Close()
		} else if ctx.Err() == nil {
			n.cfg.Log.Error("policy did not start", "stream", st.cfg.Name, "policy", source.Name, "error", err)
		}
		if ctx.Err() != nil || !wait(ctx, b.after(time.Since(began))) {
			return
		}
	}
}

// serve lets h decide until it is dead, late or ctx ends.
func (n *Node) serve(ctx context.Context, st *stream, h PolicyHandle) {
	w := &worker{batches: make(chan *scheduler.Batch, 1), over: make(chan struct{})}
	var turn uint64
	if n.call(func() { turn = n.install(st, w) }) != nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.over:
			return
		case <-h.Done():
			n.inbox.post(func() {
				if st.talk.turn == turn && !st.left {
					n.late(st, "policy ended")
				}
			})
			return
		case batch := <-w.batches:
			a := h.Step(batch)
			select {
			case <-h.Done():
			default:
				n.inbox.post(func() { n.answered(st, turn, a) })
			}
		}
	}
}

// probation gives h snapshots for a while and reports whether it answered all of them in time.
func (n *Node) probation(ctx context.Context, st *stream, h PolicyHandle) bool {
	healthy := time.Now()
	for revision := uint64(1); time.Since(healthy) < scheduler.Probation; revision++ {
		var batch scheduler.Batch
		if n.call(func() { batch = st.engine.Snapshot(n.now()) }) != nil {
			return false
		}
		batch.Revision = revision
		asked := time.Now()
		h.Step(&batch)
		select {
		case <-h.Done():
			return false
		default:
		}
		if time.Since(asked) > scheduler.Patience {
			healthy = time.Now()
		}
		if !wait(ctx, probeEvery) {
			return false
		}
	}
	return true
}
