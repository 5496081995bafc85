package report

import (
	"math"
	"testing"
	"time"
)

// A chunk of 1000 bytes takes 10 ms at 100,000 bytes per second.
func TestBoundsFollowTheirFormulas(t *testing.T) {
	const rate = 100_000
	free := math.Inf(1)
	group := [][]int{{1000, 1000, 1000}}
	for name, c := range map[string]struct {
		ideal Ideal
		want  Bounds
	}{
		"nobody came": {Ideal{Source: rate, Copies: 3, Chunk: 1000}, Bounds{}},
		"one viewer has the chunk when it has left and travelled, and waits for those before it": {
			Ideal{Source: rate, Viewers: []float64{0}, Copies: 1, Latency: 5 * time.Millisecond, Chunk: 1000, Groups: group},
			Bounds{Postal: 15, Burst: 45, ChunkSteps: 20},
		},
		"two copies inform two viewers at 10 and 20 ms, who inform a third and a fourth": {
			Ideal{Source: rate, Viewers: []float64{rate, rate, rate, rate}, Copies: 2, Chunk: 1000},
			Bounds{Postal: 30, Burst: 30, ChunkSteps: 30},
		},
		"the viewer with an uplink is informed first": {
			Ideal{Source: rate, Viewers: []float64{0, 10 * rate, 0}, Copies: 1, Chunk: 1000},
			Bounds{Postal: 12, Burst: 12, ChunkSteps: float64(10) * 4 / 11 * 3},
		},
		"viewers that pass nothing on are all fed by the source": {
			Ideal{Source: rate, Viewers: []float64{0, 0, 0}, Copies: 1, Chunk: 1000, Groups: group},
			Bounds{Postal: 30, Burst: 30 + 90, ChunkSteps: 120},
		},
		"viewers without a limit wait for the source's uplink alone": {
			Ideal{Source: rate, Viewers: []float64{free, free, free}, Copies: 3, Latency: time.Millisecond, Chunk: 1000, Groups: group},
			Bounds{Postal: 12, Burst: 42},
		},
		"without any limit there is only the way": {
			Ideal{Source: free, Viewers: []float64{free, free}, Copies: 1, Latency: time.Millisecond, Chunk: 1000, Groups: group},
			Bounds{Postal: 2, Burst: 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.ideal.Bounds()
			if math.Abs(got.Postal-c.want.Postal) > 1e-6 || math.Abs(got.Burst-c.want.Burst) > 1e-6 || math.Abs(got.ChunkSteps-c.want.ChunkSteps) > 1e-6 {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestBurstIsThatOfTheChunkThatNinetyNineOfHundredDoNotExceed(t *testing.T) {
	i := Ideal{Source: 1000, Viewers: []float64{math.Inf(1)}, Copies: 1, Chunk: 1}
	for range 99 {
		i.Groups = append(i.Groups, []int{1})
	}
	i.Groups = append(i.Groups, []int{500})
	if got := i.Bounds(); math.Abs(got.Burst-got.Postal-500) > 1e-6 {
		t.Errorf("with one long chunk in a hundred: %+v", got)
	}
	i.Groups = append(i.Groups, []int{1})
	if got := i.Bounds(); math.Abs(got.Burst-got.Postal-1) > 1e-6 {
		t.Errorf("with one long chunk in 101: %+v", got)
	}
}
