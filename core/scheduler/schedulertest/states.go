package schedulertest

import (
	"reflect"
	"testing"
	"time"
)

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
