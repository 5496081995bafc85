package substream_test

import (
	"testing"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestWhoseUplinkCarriesNothingSeeksFewFurtherNeighbours(t *testing.T) {
	for _, c := range []struct {
		seats       uint64
		least, most int
	}{{0, 1, 4}, {24, 12, 16}} {
		var ups []scheduler.LinkUp
		for id := swarm.LinkID(1); id <= 12; id++ { // as many as it seeks, and none has room
			ups = append(ups, viewer(id, 0))
		}
		l, seeks := begin(t, c.seats, ups...), 0
		for range 20 {
			l.step()
			seeks = max(seeks, l.seeks)
		}
		if seeks < c.least || seeks > c.most {
			t.Errorf("with %d seats to give and fed by nobody, it seeks %d further neighbours, want %d to %d", c.seats, seeks, c.least, c.most)
		}
	}
}
