package rtsp

import (
	"math/rand/v2"
	"testing"
	"time"
)

// patterns are orders in which pictures of one mini-GOP are sent: offsets of presentation, in frames, from decoding.
func patterns() map[string][]int64 {
	return map[string][]int64{
		"in order":       {0},
		"one B-frame":    {2, 0},
		"two B-frames":   {3, 0, 0},
		"a pyramid of 3": {5, 2, 0, 1},
	}
}

func TestArrivalFindsTheDecodingTime(t *testing.T) {
	for name, pattern := range patterns() { // order-free: subtests do not touch one another
		for _, late := range []time.Duration{0, 40 * time.Millisecond} {
			t.Run(name, func(t *testing.T) {
				const seed = 7
				rnd := rand.New(rand.NewPCG(seed, seed))
				a := arrival{scale: 90000}
				start := time.Unix(1000, 0)
				for k := range int64(120) { // four seconds
					dts := k * 3000
					pts := dts + pattern[k%int64(len(pattern))]*3000
					now := start.Add(duration(dts, 90000))
					if late > 0 && k%4 != 0 { // every fourth picture is on time
						now = now.Add(time.Duration(rnd.Int64N(int64(late))))
					}
					found, _, captured := a.add(pts, now)
					if k >= 8 && found != dts {
						t.Fatalf("picture %d is decoded at %d, not %d", k, found, dts)
					}
					if k < 60 {
						continue
					}
					if off := captured.Sub(start.Add(duration(dts, 90000))); off.Abs() > 2*time.Millisecond {
						t.Fatalf("seed %d: picture %d was found to be sent %v from when it was", seed, k, off)
					}
				}
			})
		}
	}
}

func TestArrivalSaysNothingAtFirst(t *testing.T) {
	a := arrival{scale: 48000}
	start := time.Unix(1000, 0)
	for k := range int64(30) {
		now := start.Add(time.Duration(k) * 20 * time.Millisecond)
		if _, _, got := a.add(k*960, now); got.IsZero() != (now.Sub(start) < enough) {
			t.Errorf("after %v it says %v", now.Sub(start), got)
		}
	}
}

func TestArrivalFollowsAClockThatDrifts(t *testing.T) {
	a := arrival{scale: 48000}
	start := time.Unix(1000, 0)
	var off time.Duration
	for k := range int64(50 * 60) { // a minute, and the source is 1 ms slow in a second
		now := start.Add(time.Duration(float64(k) * 20.02 * float64(time.Millisecond)))
		_, _, captured := a.add(k*960, now)
		off = now.Sub(captured)
	}
	if off > 15*time.Millisecond {
		t.Errorf("after a minute it is %v behind", off)
	}
}

func TestArrivalForgetsASourceThatBeganAnew(t *testing.T) {
	a := arrival{scale: 90000}
	start := time.Unix(1000, 0)
	for k := range int64(60) {
		a.add(1<<40+k*3000, start.Add(time.Duration(k)*time.Second/30))
	}
	for k := range int64(60) {
		now := start.Add(2*time.Second + time.Duration(k)*time.Second/30)
		_, _, got := a.add(k*3000, now)
		if k > 15 && now.Sub(got).Abs() > time.Millisecond {
			t.Fatalf("picture %d was found to be sent %v late", k, now.Sub(got))
		}
	}
}
