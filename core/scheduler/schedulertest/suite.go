package schedulertest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Suite runs the whole contract against the policies that factory makes. At the end of each case a policy that has an
// Err method must say nil there, which one that can die does while it lives; one that has a Close method is closed then.
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
	if d, ok := p.(interface{ Err() error }); ok {
		t.Cleanup(func() {
			if err := d.Err(); err != nil {
				t.Errorf("the policy died: %v", err)
			}
		})
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
