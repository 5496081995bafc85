package sim_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/sim"
)

// soon is how long after it joined a peer is looked at.
const soon = 1500 * time.Millisecond

// watched is a chain that notes what its peer knows of its uplink soon after it joined.
type watched struct {
	chain
	began bool
	join  time.Duration
	known scheduler.Capacity
}

func (p *watched) Step(b *scheduler.Batch) scheduler.Answer {
	if !p.began {
		p.began, p.join = true, b.Now
	}
	a := p.chain.Step(b)
	if b.Now <= p.join+soon {
		p.known = p.view.Capacity
	}
	return a
}

func TestJoinersKnowTheirUplinksSoon(t *testing.T) {
	const neighbours, joiners = 6, 12
	var peers []*watched // in the order in which they join, the source first
	cfg := sim.Config{
		Seed: 1, Duration: 10 * time.Second, PolicyName: "chain",
		Policy: func(map[string]string) (scheduler.Policy, error) {
			peers = append(peers, new(watched))
			return peers[len(peers)-1], nil
		},
		// What is known of an uplink is what it carries beside handshakes and acknowledgements: there are as good as none here.
		Network: sim.Network{Median: 40 * time.Millisecond, Jitter: 2 * time.Millisecond, Loss: 0.01, Handshake: 1, Ack: 1},
	}
	stream := cfg.WireRate()
	cfg.Groups = []sim.Class{{Count: neighbours, Uplink: sim.Uplink{Rate: uint64(4 * stream), Cap: uint64(4 * stream)}}}
	for i := range joiners {
		cfg.Groups = append(cfg.Groups, sim.Class{
			Count: 1, At: 2*time.Second + time.Duration(i)*400*time.Millisecond, Uplink: sim.Uplink{Rate: uint64([]float64{0.7, 1.5, 4}[i%3] * stream)},
		})
	}
	run(t, cfg)
	near := 0
	for i, p := range peers[1+neighbours:] {
		class := &cfg.Groups[1+i]
		if p.join != class.At {
			t.Fatalf("joiner %d has joined at %v, want %v", i, p.join, class.At)
		}
		share := float64(p.known.Measured) / float64(class.Uplink.Rate)
		t.Logf("joiner %d counts on %.2f of %d bytes a second", i, share, class.Uplink.Rate)
		if share > 0.75 && share < 1.25 {
			near++
		}
	}
	if near < joiners*8/10+1 {
		t.Errorf("%v after they joined, %d of %d know their uplink to a quarter", soon, near, joiners)
	}
}
