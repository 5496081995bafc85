package schedulertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

func (s suite) refusals(t *testing.T) {
	for _, reason := range []scheduler.RefusedReason{scheduler.RefusedNoLink, scheduler.RefusedNoPeer, scheduler.RefusedLimit, scheduler.RefusedOverCap} {
		t.Run(fmt.Sprintf("reason %d", reason), func(t *testing.T) {
			s.each(t, func(t *testing.T, h *Host) {
				h.Chance(50)
				h.RefuseAll = reason
				for range rounds {
					if h.Turn() == 0 && !h.Pending() {
						return
					}
				}
				t.Errorf("refused %d times at one time, it still asks: %+v", rounds, h.Answers[len(h.Answers)-1].Answer.Actions)
			})
		})
	}
}

const rounds = 64

// mostDials is how often one peer may be dialed in half a minute that hangs up each time.
const mostDials = 40

func (s suite) hangups(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		h.Introduce(3, swarm.Viewer)
		if h.stream.Role != swarm.Source {
			h.Introduce(1, swarm.Source)
		}
		for h.Now < 30*time.Second {
			h.Turn()
			for _, id := range h.up() {
				h.Down(id)
			}
			if h.Pending() { // in between there is nothing to say: a batch now and then will do
				h.Pass(5 * time.Millisecond)
			} else {
				h.Pass(100 * time.Millisecond)
			}
		}
		dials := make(map[swarm.PeerID]int)
		for _, x := range h.Answers {
			for _, a := range x.Answer.Actions {
				if c, ok := a.(scheduler.Connect); ok {
					dials[c.Peer]++
				}
			}
		}
		// order-free: any offender fails the test.
		for peer, n := range dials {
			if n > mostDials {
				t.Errorf("%v was dialed %d times in 30 s, at most %d are fair", peer, n, mostDials)
			}
		}
	})
}

func (s suite) empty(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		for range 10 {
			h.Turn()
		}
		check(t, h)
	})
	t.Run("before any snapshot", func(t *testing.T) {
		p := s.make(t)
		if a := p.Step(&scheduler.Batch{Revision: 1}); a.Revision != 1 {
			t.Errorf("answered as %d", a.Revision)
		}
	})
}

func (s suite) unknown(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		h.Chance(50)
		h.Turn()
		for _, link := range []swarm.LinkID{0, 1 << 40} {
			for _, k := range []int{-1, 63, 64, 1 << 20} {
				h.tell(strange(link, k)...)
			}
		}
		for _, k := range []int{-1, 63, 64, 1 << 20} {
			for _, id := range h.up() {
				h.tell(scheduler.SubstreamMeasured{Link: id, Substream: k, Samples: 1}, scheduler.Silent{Link: id, Substream: k, For: time.Second},
					scheduler.Feeding{Link: id, Substream: k, Mode: swarm.None}, scheduler.Unsubscribed{Link: id, Substream: k})
			}
		}
		h.Turn()
		h.Pass(3 * time.Second)
		check(t, h)
	})
}

// strange are changes about a link that never was.
func strange(link swarm.LinkID, k int) []scheduler.Change {
	return []scheduler.Change{
		scheduler.LinkDown{Link: link}, scheduler.PeerStatus{Link: link}, scheduler.LinkMeasured{Link: link},
		scheduler.SubstreamMeasured{Link: link, Substream: k, Samples: 4, Lateness: time.Second},
		scheduler.Unsubscribed{Link: link, Substream: k}, scheduler.Feeding{Link: link, Substream: k},
		scheduler.Feeding{Link: link, Substream: k, Mode: 77}, scheduler.Silent{Link: link, Substream: k, For: time.Second},
		scheduler.Holds{Link: link}, scheduler.Late{Number: 1 << 61}, scheduler.DialFailed{Peer: swarm.PeerID{0xee}},
		scheduler.Refused{Action: scheduler.Push{Substream: k, To: []scheduler.Target{{Link: link}}}, Reason: scheduler.RefusedNoLink},
		scheduler.Refused{Action: scheduler.Subscribe{Link: link, Substreams: 1<<64 - 1, Mode: swarm.Eager}, Reason: scheduler.RefusedNoLink},
		scheduler.Refused{Action: scheduler.Connect{Peer: swarm.PeerID{0xef}}, Reason: scheduler.RefusedNoPeer},
	}
}

func (s suite) alone(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		for range 20 {
			h.Chance(20)
			h.Turn()
		}
		for _, id := range h.up() {
			h.Down(id)
		}
		h.Turn()
		h.Pass(10 * time.Second)
		for range 20 {
			h.Chance(20)
			h.Turn()
			h.Pass(100 * time.Millisecond)
		}
		check(t, h)
	})
}

func (s suite) crowd(t *testing.T) {
	for _, role := range []swarm.Role{swarm.Source, swarm.Viewer} {
		t.Run(role.String(), func(t *testing.T) {
			h := NewHost(s.make(t), role, 1)
			for i := range 2000 {
				h.Link(fmt.Sprint("crowd ", i), swarm.Viewer)
			}
			h.Turn()
			for _, id := range h.up() {
				h.Ask(id, int(id)%h.substreams, swarm.Eager)
				h.Ask(id, int(id+1)%h.substreams, swarm.Lazy)
			}
			h.Turn()
			h.Pass(3 * time.Second)
			if open := h.Unanswered(); len(open) > 0 {
				t.Errorf("%d subscriptions were neither granted nor refused", len(open))
			}
			check(t, h)
		})
	}
}

func (s suite) largest(t *testing.T) {
	for _, role := range []swarm.Role{swarm.Source, swarm.Viewer} {
		t.Run(role.String(), func(t *testing.T) {
			best := time.Duration(1 << 62)
			for range 5 { // the machine may be busy: the best counts
				h := NewHost(s.make(t), role, 1)
				for range 100 {
					h.Link(fmt.Sprint(len(h.links)), swarm.Viewer)
				}
				h.Turn()
				for len(h.changes) < scheduler.MaxChanges-64 {
					h.Chance(64)
				}
				h.changes = h.changes[:min(len(h.changes), scheduler.MaxChanges)]
				began := time.Now()
				h.Turn()
				best = min(best, time.Since(began))
			}
			if limit := scheduler.Patience * instrumented; best > limit {
				t.Errorf("%d changes took %v at the best of five, the host waits %v", scheduler.MaxChanges, best, limit)
			}
		})
	}
}
