package sim

import (
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// part is a peer's in one stream.
type part struct {
	peer   *peer
	media  *media
	engine *engine.Engine
	policy scheduler.Policy
	answer scheduler.Answer // under way
	again  bool             // an input came while a Ready was being carried out
	wakeAt time.Duration    // what the engine asked for
	alarm  time.Duration    // of the earliest doWake on the agenda
	chunks uint64           // wire bytes of chunk frames that left

	standing *swarm.Standing // at the rendezvous
}

// part is that of a stream; nil when the peer does not take part.
func (p *peer) part(stream uint8) *part {
	if p.parts == nil {
		return nil
	}
	return &p.parts[stream]
}

// most rounds of one policy at one time: one that has still something to say is asked again at the next event.
const rounds = 8

// advance does what an engine wants done, until it wants nothing more at this time.
func (w *lane) advance(a *part) {
	stream, index := uint8(a.media.index), a.peer.index
	for range rounds {
		a.again = false
		r := a.engine.Ready(w.now)
		w.carry(a, r)
		if r.Batch == nil {
			if a.again {
				continue
			}
			break
		}
		answer := a.policy.Step(r.Batch)
		if w.cfg.PolicyDelay > 0 {
			a.answer = answer
			w.add(w.now+w.cfg.PolicyDelay, happening{what: doAnswer, stream: stream, peer: index})
			break
		}
		a.engine.Answer(w.now, answer)
	}
	w.remind(a)
}

func (w *lane) wake(a *part) {
	if a == nil || w.now != a.alarm {
		return
	}
	a.alarm = never
	if a.wakeAt <= w.now {
		a.engine.Tick(w.now)
		w.advance(a)
	}
	w.remind(a)
}

// remind puts what the engine has asked to be woken for on the agenda, unless it is there.
func (w *lane) remind(a *part) {
	if a.wakeAt < a.alarm {
		a.alarm = max(a.wakeAt, w.now+time.Microsecond)
		w.add(a.alarm, happening{what: doWake, stream: uint8(a.media.index), peer: a.peer.index})
	}
}

func (w *lane) answer(a *part) {
	if a == nil {
		return
	}
	a.engine.Answer(w.now, a.answer)
	a.answer = scheduler.Answer{}
	w.advance(a)
}

// carry does all that a Ready says but for its batch.
func (w *lane) carry(a *part, r *engine.Ready) {
	p := a.peer
	a.wakeAt = r.WakeAt
	for i := range r.Control {
		if l := p.link(r.Control[i].Link); l != nil {
			w.sendControl(p, l, r.Control[i].Frame)
		}
	}
	w.sendChunks(a, r.Chunks)
	w.sendTrains(a, r.Trains)
	for _, h := range r.Hangup {
		p.hangUp(h.Link, a.media.index)
	}
	for i := range r.Dial {
		w.dial(a, r.Dial[i].Peer)
	}
	if w.cfg.Events != nil {
		for _, e := range r.Events {
			w.cfg.Events(w.now, int(p.index), e)
		}
	}
	if w.cfg.Deliver != nil {
		for i := range r.Deliver {
			w.cfg.Deliver(int(p.index), r.Deliver[i])
		}
	}
	for _, id := range r.Accuse {
		w.accuse(a, w.ids[id])
	}
	if r.Introduce > 0 && p.index != 0 {
		w.introduce(a, r.Introduce)
	}
}
