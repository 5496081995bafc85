package trial

import (
	"bytes"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/core/report"
)

// holding is a trial of 100 s in which both parts hold what of says at each second.
func holding(of func(at float64) Held) *Result {
	r := &Result{Report: &report.Report{DurationS: 100}}
	for _, part := range []string{partSource, partViewers} {
		for at := 5.0; at <= 100; at += 5 {
			h := of(at)
			h.At, h.Part = at, part
			r.Held = append(r.Held, h)
		}
	}
	return r
}

func TestWhatGrowsIsNotSteady(t *testing.T) {
	plain := Held{Goroutines: 400, Descriptors: 100, Live: 30e6, Resident: 90e6}
	steady := holding(func(at float64) Held {
		h := plain
		if at < 25 || at == 90 { // while all join, and for a moment
			h.Goroutines, h.Resident = 9000, 9e9
		}
		return h
	})
	if err := steady.Steady(); err != nil {
		t.Errorf("it does not grow: %v", err)
	}
	var out bytes.Buffer
	if err := PrintSteady(&out, steady); err != nil || !strings.Contains(out.String(), "viewers, descriptors") {
		t.Errorf("%v:\n%s", err, out.String())
	}
	for what, leak := range map[string]func(h *Held, at float64){ // order-free: each stands alone
		"goroutines":  func(h *Held, at float64) { h.Goroutines += int(4 * at) },
		"descriptors": func(h *Held, at float64) { h.Descriptors += int(at) },
		"live heap":   func(h *Held, at float64) { h.Live += uint64(3e5 * at) },
		"resident":    func(h *Held, at float64) { h.Resident += uint64(9e5 * at) },
	} {
		err := holding(func(at float64) Held {
			h := plain
			leak(&h, at)
			return h
		}).Steady()
		if err == nil || !strings.Contains(err.Error(), "viewers, "+what) {
			t.Errorf("leaking %s: %v", what, err)
		}
	}
}

func TestAShortTrialCannotTellWhetherItIsSteady(t *testing.T) {
	r := holding(func(float64) Held { return Held{} })
	r.Held = r.Held[:3]
	if err := r.Steady(); err == nil || !strings.Contains(err.Error(), "too short") {
		t.Errorf("%v", err)
	}
}
