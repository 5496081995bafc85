package sim_test

import (
	"errors"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/sim"
)

func TestTheSourceBeginsAnewWithTheNextEpochOfEachStream(t *testing.T) {
	const at, down = 4 * time.Second, 2 * time.Second
	cfg := crowd(2)
	cfg.Duration = 12 * time.Second
	cfg.Streams = []sim.Share{{}, {}}
	cfg.Faults = []sim.Fault{sim.SourceDown{At: at, For: down}}
	type played struct{ before, after int } // groups born before the end of the first source, and since the beginning of the second
	all := make(map[int]*played)
	cfg.Deliver = func(peer int, d engine.Delivery) {
		if d.Gap() {
			return
		}
		p := all[peer]
		if p == nil {
			p = new(played)
			all[peer] = p
		}
		born := time.Duration(d.Group.Born-1_700_000_000_000_000) * time.Microsecond
		switch {
		case d.Group.Epoch == 1 && born <= at:
			p.before++
		case d.Group.Epoch == 2 && born >= at+down:
			p.after++
		default:
			t.Errorf("peer %d plays what was born at %v in epoch %d", peer, born, d.Group.Epoch)
		}
	}
	r := run(t, cfg)
	for peer := 1; peer <= 2; peer++ {
		if p := all[peer]; p == nil || p.before < 50 || p.after < 50 { // of 80 and 120 that there are of each stream
			t.Errorf("peer %d plays %+v", peer, p)
		}
	}
	if r.NeverPlayed > 0 || r.SourceEgressRatio < 1 {
		t.Errorf("%d never played, and %.2f copies left both sources", r.NeverPlayed, r.SourceEgressRatio)
	}
	cfg.Deliver = nil
	if again := run(t, cfg); again.DelayMS != r.DelayMS || again.SourceEgressRatio != r.SourceEgressRatio {
		t.Errorf("the same run again: %+v and %v copies, before %+v and %v", again.DelayMS, again.SourceEgressRatio, r.DelayMS, r.SourceEgressRatio)
	}
}

func TestASourceIsDownForAWhile(t *testing.T) {
	cfg := crowd(2)
	cfg.Faults = []sim.Fault{sim.SourceDown{At: time.Second}}
	if _, err := sim.Run(cfg); !errors.Is(err, sim.ErrConfig) {
		t.Errorf("error %v, want ErrConfig", err)
	}
}
