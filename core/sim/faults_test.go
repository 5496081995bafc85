package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
)

func TestFreeRidersSendNoChunk(t *testing.T) {
	cfg := crowd(12)
	honest := run(t, cfg)
	cfg.Faults = []sim.Fault{sim.FreeRide{Share: 1}}
	r := run(t, cfg)
	if n := r.Cohorts["freeRiders"].Viewers; n != 12 {
		t.Errorf("%d free riders, want all 12, though they join later", n)
	}
	if honest.Offload < 0.5 || r.Offload != 0 {
		t.Errorf("%.2f came from peers that are honest and %.2f from free riders, want none from these", honest.Offload, r.Offload)
	}
}

func TestPoisonIsFoundAndNotPlayed(t *testing.T) {
	rejected := uint64(0)
	for seed := range uint64(9) { // in some of which a poisoner feeds somebody
		cfg := crowd(12)
		cfg.Seed = seed + 1
		cfg.Faults = []sim.Fault{sim.FreeRide{Share: 0.5}, sim.Poison{At: 3 * time.Second, Share: 0.25}}
		r := run(t, cfg)
		if r.Cohorts["poisoners"].Viewers != 3 || r.Cohorts["freeRiders"].Viewers != 6 || r.Cohorts["contributors"].Viewers != 3 {
			t.Errorf("seed %d: cohorts %+v, want 3 poisoners, 6 free riders and 3 contributors", cfg.Seed, r.Cohorts)
		}
		rejected += r.RejectedChunks
	}
	if rejected == 0 {
		t.Error("no chunk was rejected, whatever the seed")
	}
}

func TestPoisonWantsProofs(t *testing.T) {
	cfg := crowd(2)
	cfg.Stream.Proof = 64
	cfg.Faults = []sim.Fault{sim.Poison{Share: 0.5}}
	if _, err := sim.Run(cfg); err == nil || !strings.Contains(err.Error(), "Stream.Proof 64") {
		t.Errorf("error %v, want one that names Stream.Proof", err)
	}
}

func TestWireRateCountsHeadersAndProofs(t *testing.T) {
	c := sim.Config{Stream: sim.Stream{Bitrate: 800_000, Group: 100 * time.Millisecond}}
	if got := c.WireRate(); got != 10*10*(1000+35+48+60+20) {
		t.Errorf("%v bytes per second, want 100 frames of 1163", got)
	}
	c.Stream.Trace = []int{1000, 1500}
	if got := c.WireRate(); got != 5*(3*(35+48+60+20)+2500) {
		t.Errorf("%v bytes per second of a trace, want 15 frames", got)
	}
}

func TestStayersAreThoseOfTheFirstWhoDoNotGo(t *testing.T) {
	cfg := crowd(20)
	cfg.Groups[0].Count = 10
	late := cfg.Groups[0]
	late.At, late.Count = 2*time.Second, 10
	cfg.Groups = append(cfg.Groups[:1:1], late)
	cfg.Faults = []sim.Fault{sim.Leave{At: 4 * time.Second, Share: 0.5}}
	r := run(t, cfg)
	stay, early := r.Cohorts["stayers"].Viewers, r.Cohorts["early"].Viewers
	if early != 10 || stay >= early || stay == 0 {
		t.Errorf("%d early ones, %d stay: %+v", early, stay, r.Cohorts)
	}
}

// TestWhoForgesIsIntroducedNoMore: nobody has a forged chunk from one that three have accused, two seconds later.
func TestWhoForgesIsIntroducedNoMore(t *testing.T) {
	const from = 3 * time.Second
	cfg := crowd(100)
	cfg.Duration, cfg.Policy, cfg.PolicyName = 8*time.Second, substream.New, "substream"
	cfg.Faults = []sim.Fault{sim.Poison{At: from, Share: 0.1}}
	early, late := 0, 0
	cfg.Events = func(now time.Duration, _ int, e event.Event) {
		if _, forged := e.(event.ChunkRejected); forged {
			if now < from+2*time.Second {
				early++
			} else {
				late++
			}
		}
	}
	run(t, cfg)
	if early < 3 || late > 0 {
		t.Errorf("%d forged chunks were rejected in the first two seconds and %d later, want some and none", early, late)
	}
}
