package rtsp

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// event is a unit on its way.
type event struct {
	at    time.Duration // on the sender's clock
	sound bool
}

// sent is so much of pictures and frames of sound, as a sender sends them: in order, but for some that are overtaken.
func sent(picture, frame, length time.Duration, overtaken func() time.Duration) []event {
	var events []event
	for at := time.Duration(0); at < length; at += picture {
		events = append(events, event{at: at})
	}
	for at := time.Duration(0); at < length; at += frame {
		events = append(events, event{at: at, sound: true})
	}
	late := map[event]time.Duration{}
	for _, e := range events {
		late[e] = e.at + overtaken()
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(late[a], late[b]) })
	return events
}

func TestInterleaveFindsTheDistanceOfTwoTracks(t *testing.T) {
	const seed = 3
	rnd := rand.New(rand.NewPCG(seed, seed))
	never := func() time.Duration { return 0 }
	seldom := func() time.Duration { // a twentieth is up to half a second late
		if rnd.IntN(20) == 0 {
			return time.Duration(rnd.Int64N(int64(time.Second / 2)))
		}
		return 0
	}
	jitter := func() time.Duration { return time.Duration(rnd.Int64N(int64(20 * time.Millisecond))) }
	for _, c := range []struct {
		name           string
		picture, frame time.Duration
		overtaken      func() time.Duration
		within         time.Duration
	}{
		{"30 pictures and AAC", time.Second / 30, 1024 * time.Second / 48000, never, 4 * time.Millisecond},
		{"25 pictures and Opus, which meet", time.Second / 25, time.Second / 50, never, 12 * time.Millisecond},
		{"60 pictures and AAC", time.Second / 60, 1024 * time.Second / 44100, never, 3 * time.Millisecond},
		{"sound in packets of eight", time.Second / 30, 8 * 1024 * time.Second / 48000, never, 8 * time.Millisecond},
		{"5 pictures a second", time.Second / 5, time.Second / 50, never, 20 * time.Millisecond},
		{"some units are overtaken", time.Second / 30, 1024 * time.Second / 48000, seldom, 8 * time.Millisecond},
		{"two threads that send", time.Second / 30, 1024 * time.Second / 48000, jitter, 8 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			const shift = 1234 * time.Millisecond // of the picture's clock against that of the sound
			var x interleave
			for _, e := range sent(c.picture, c.frame, 5*time.Second, c.overtaken) {
				if e.sound {
					x.frame(e.at)
				} else {
					x.picture(e.at + shift)
				}
			}
			got, ok := x.distance()
			if off := got - shift; !ok || off.Abs() > c.within {
				t.Errorf("seed %d: the distance was found %v off (%v)", seed, off, ok)
			}
		})
	}
}

func TestInterleaveSaysNothingAtFirst(t *testing.T) {
	var x interleave
	for n := range minBounds {
		x.frame(time.Duration(n)) // before any picture
	}
	for n := range minBounds - 1 {
		x.picture(time.Duration(n))
		x.frame(time.Duration(n))
	}
	if _, ok := x.distance(); ok {
		t.Error("it answers out of too little")
	}
}
