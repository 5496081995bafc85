package schedulertest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Suite runs the whole contract against the policies that factory makes. A policy that has a Close method is closed
// at the end of each case.
func Suite(t *testing.T, factory func(params map[string]string) (scheduler.Policy, error)) {
	s := suite{factory}
	t.Run("an answer names the revision that it saw", s.revision)
	t.Run("the time asked for lies ahead", s.wake)
	t.Run("an answer is bounded", s.bounded)
	t.Run("only links that are up and substreams that exist are named", s.legal)
	t.Run("every subscription is answered in the end", s.answered)
	t.Run("a viewer gets every substream of a source with room", s.fed)
	t.Run("equal batches get equal answers", s.deterministic)
	t.Run("the batch is neither changed nor kept", s.ownership)
	t.Run("a snapshot replaces what was known", s.snapshot)
	t.Run("orders of a snapshot are taken over", s.handover)
	t.Run("what is refused is not asked for again at once", s.refusals)
	t.Run("who hangs up at once is not dialed at once again", s.hangups)
	t.Run("an empty batch is answered", s.empty)
	t.Run("changes of unknown links and substreams do no harm", s.unknown)
	t.Run("a policy outlives the loss of every link", s.alone)
	t.Run("thousands of links are borne", s.crowd)
	t.Run("the largest batch is answered within Patience", s.largest)
	t.Run("an unknown parameter is an error that names it", s.parameter)
}

type suite struct {
	factory func(params map[string]string) (scheduler.Policy, error)
}

// make is one policy with its defaults.
func (s suite) make(t *testing.T) scheduler.Policy {
	t.Helper()
	p, err := s.factory(nil)
	if err != nil {
		t.Fatalf("making a policy without parameters: %v", err)
	}
	if c, ok := p.(interface{ Close() }); ok {
		t.Cleanup(c.Close)
	}
	return p
}

var seeds = []uint64{1, 2, 3}

// each runs f for roles and seeds, which are printed when it fails.
func (s suite) each(t *testing.T, f func(t *testing.T, h *Host)) {
	for _, role := range []swarm.Role{swarm.Source, swarm.Helper, swarm.Viewer} {
		for _, seed := range seeds {
			t.Run(fmt.Sprintf("%v seed %d", role, seed), func(t *testing.T) {
				f(t, NewHost(s.make(t), role, seed))
			})
		}
	}
}

// check fails the test with what the host found wrong.
func check(t *testing.T, h *Host) {
	t.Helper()
	for i, f := range h.Faults {
		if i == 10 {
			t.Errorf("and %d more", len(h.Faults)-i)
			break
		}
		t.Error(f)
	}
}

func (s suite) revision(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		for range 50 {
			h.Chance(10)
			h.Turn()
		}
		for _, b := range h.Answers {
			if b.Answer.Revision != b.Batch.Revision {
				t.Fatalf("batch %d was answered as %d", b.Batch.Revision, b.Answer.Revision)
			}
		}
	})
}

func (s suite) wake(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		for range 50 {
			h.Chance(10)
			h.Turn()
		}
		for _, b := range h.Answers {
			if w := b.Answer.WakeAt; w != 0 && w <= b.Batch.Now {
				t.Fatalf("at %v a batch is wanted at %v: it would come at once, for ever", b.Batch.Now, w)
			}
		}
	})
}

func (s suite) bounded(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		for range 20 {
			h.Chance(2000)
			h.Turn()
		}
		for _, b := range h.Answers {
			if n := len(b.Answer.Actions); n > scheduler.MaxActions {
				t.Fatalf("batch %d got %d actions, at most %d are carried out", b.Batch.Revision, n, scheduler.MaxActions)
			}
		}
	})
}

func (s suite) legal(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		for range 300 {
			h.Chance(20)
			h.Turn()
			h.Pass(100 * time.Millisecond)
		}
		check(t, h)
	})
}

func (s suite) answered(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		for range 20 {
			h.Chance(20)
			h.Turn()
		}
		h.Pass(5 * time.Second)
		if open := h.Unanswered(); len(open) > 0 {
			t.Errorf("%d subscriptions were neither granted nor refused in 5 s, such as %+v", len(open), open[0])
		}
		check(t, h)
	})
}

func (s suite) fed(t *testing.T) {
	h := NewHost(s.make(t), swarm.Viewer, 1)
	h.Introduce(1, swarm.Source)
	h.Pass(10 * time.Second)
	if missing := h.Unfed(); missing != 0 && h.pulls == 0 {
		t.Errorf("after 10 s alone with a source, substreams %b are neither subscribed to nor pulled", missing)
	}
	check(t, h)
}

func (s suite) deterministic(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		other := s.make(t)
		for range 100 {
			h.Chance(20)
			h.Turn()
			h.Pass(50 * time.Millisecond)
		}
		for _, b := range h.Answers {
			if again := other.Step(copyBatch(b.Batch)); !reflect.DeepEqual(again, b.Answer) {
				t.Fatalf("batch %d got\n%+v\nand from another policy of the same history\n%+v", b.Batch.Revision, b.Answer, again)
			}
		}
	})
}

func (s suite) ownership(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		other := s.make(t)
		for range 100 {
			h.Chance(20)
			h.Turn()
			h.Pass(50 * time.Millisecond)
		}
		for _, b := range h.Answers {
			given := copyBatch(b.Batch)
			again := other.Step(given)
			if !reflect.DeepEqual(given, b.Batch) {
				t.Fatalf("batch %d was changed", b.Batch.Revision)
			}
			if !reflect.DeepEqual(again, b.Answer) {
				t.Fatalf("batch %d got another answer once earlier batches were overwritten", b.Batch.Revision)
			}
			scribble(given)
		}
	})
}

func (s suite) snapshot(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		for range 100 {
			h.Chance(20)
			h.Turn()
		}
		h.Snapshot()
		for range 50 { // the host judges by what the snapshot says from here on
			h.Chance(5)
			h.Turn()
			h.Pass(100 * time.Millisecond)
		}
		h.Pass(5 * time.Second)
		if open := h.Unanswered(); len(open) > 0 {
			t.Errorf("%d subscriptions of the snapshot were neither granted nor refused, such as %+v", len(open), open[0])
		}
		check(t, h)
	})
}

func (s suite) handover(t *testing.T) {
	s.each(t, func(t *testing.T, h *Host) {
		for range 20 {
			h.Chance(20)
			h.Turn()
		}
		h.Pass(3 * time.Second)
		before := h.Orders()
		h.Replace(s.make(t))
		h.Turn()
		h.Pass(3 * time.Second)
		check(t, h)
		if after := h.Orders(); before > 0 && after == 0 {
			t.Errorf("of %d targets of the orders in force none is left after the policy was replaced", before)
		}
	})
}

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
			h.Pass(5 * time.Millisecond)
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
			if best > scheduler.Patience {
				t.Errorf("%d changes took %v at the best of five, the host waits %v", scheduler.MaxChanges, best, scheduler.Patience)
			}
		})
	}
}

func (s suite) parameter(t *testing.T) {
	const name = "noSuchParameter"
	p, err := s.factory(map[string]string{name: "1"})
	if err == nil {
		if c, ok := p.(interface{ Close() }); ok {
			c.Close()
		}
		t.Fatal("it was taken")
	}
	if !errors.Is(err, scheduler.ErrParameter) || !strings.Contains(err.Error(), name) {
		t.Errorf("the error is %q, want one that wraps ErrParameter and names %s", err, name)
	}
}
