package substream_test

import (
	"testing"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestWhoFellSilentIsAskedAgainInANewEpoch(t *testing.T) {
	for _, epoch := range []uint32{1, 2} {
		l := begin(t, 4, viewer(1, 0b01), viewer(2, 0b11111110))
		for range 4 {
			l.step()
		}
		l.step(scheduler.Silent{Link: 1, Substream: 0, For: tick})
		if l.given[1] != 1 {
			t.Fatalf("of one that fell silent it leaves %08b", l.given[1])
		}
		asked := uint64(0)
		for range 4 {
			l.step(scheduler.Stream{Self: swarm.PeerID{99}, Role: swarm.Viewer, Epoch: epoch, Substreams: 8, Rate: 8 * seat, MaxLinks: 32, Seed: 1})
			asked |= l.asked[1]
		}
		if again := asked&1 != 0; again != (epoch > 1) {
			t.Errorf("within a second of epoch %d it asks one that fell silent in epoch 1: %v", epoch, again)
		}
	}
}
