package rarest

import (
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/plugins/schedulers/parts/mesh"
)

func TestUrgentGoesFirstAndThenTheRarest(t *testing.T) {
	p := Defaults()
	wants := []mesh.Want{
		{Number: 90, Holders: 2, Tie: 5, Age: 100 * time.Millisecond},
		{Number: 80, Holders: 1, Tie: 9, Age: 200 * time.Millisecond},
		{Number: 20, Holders: 8, Tie: 1, Age: 1600 * time.Millisecond},
		{Number: 10, Holders: 8, Tie: 2, Age: 1700 * time.Millisecond},
		{Number: 85, Holders: 2, Tie: 4, Age: 150 * time.Millisecond},
	}
	slices.SortFunc(wants, p.before)
	var got []uint64
	for _, w := range wants {
		got = append(got, w.Number)
	}
	if want := []uint64{10, 20, 80, 85, 90}; !slices.Equal(got, want) {
		t.Errorf("asked for in the order %v, want %v", got, want)
	}
}
