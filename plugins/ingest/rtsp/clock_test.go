package rtsp

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestUnwrapGoesOnWhereRTPTimeBeginsAgain(t *testing.T) {
	k := track{scale: 90000}
	at := uint32(0xffffffff - 4000)
	for want := int64(0); want < 30000; want += 3000 {
		if got := k.unwrap(at); got != want {
			t.Fatalf("RTP time %d is %d, want %d", at, got, want)
		}
		at += 3000
	}
	if got := k.unwrap(at - 6000); got != 24000 {
		t.Errorf("a packet of an earlier picture is at %d, want 24000", got)
	}
}

func TestTracksOfEqualNTPTimeGetEqualPTS(t *testing.T) {
	video, audio := &track{scale: 90000}, &track{scale: 48000}
	c := clock{lead: video}
	zero := time.Unix(1_700_000_000, 0)
	c.report(audio, 500, zero.Add(time.Second)) // nothing to compare with yet
	if audio.placed {
		t.Fatal("audio was placed before the lead reported")
	}
	c.report(video, 90000, zero)
	c.report(audio, 500, zero.Add(time.Second))
	if got := 500 + audio.shift; got != 48000*2 { // a second after the lead's 90000, which is its second second
		t.Errorf("audio is at %d ticks, want %d", got, 48000*2)
	}
}

func TestAShiftMovesSlowly(t *testing.T) {
	for _, c := range []struct {
		name    string
		off     time.Duration
		seconds int64
		least   time.Duration // moved at least
		most    time.Duration
	}{
		{"not for what reports scatter", 4 * time.Millisecond, 60, 0, 0},
		{"2 ms a second for a little", 50 * time.Millisecond, 10, 18 * time.Millisecond, 21 * time.Millisecond},
		{"10 ms a second for much", 400 * time.Millisecond, 10, 99 * time.Millisecond, 102 * time.Millisecond},
		{"back as well", -50 * time.Millisecond, 10, -21 * time.Millisecond, -18 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			video, audio := &track{scale: 90000}, &track{scale: 48000}
			k := clock{lead: video}
			zero := time.Unix(1_700_000_000, 0)
			k.report(video, 0, zero)
			k.report(audio, 0, zero)
			begin := int64(48000) * 5 // it has settled
			audio.moved = begin
			for at := begin; at <= begin+c.seconds*48000; at += 960 {
				k.report(audio, at, zero.Add(duration(at, 48000)+c.off))
			}
			if got := duration(audio.shift, 48000); got < c.least || got > c.most {
				t.Errorf("moved by %v, want %v to %v", got, c.least, c.most)
			}
		})
	}
}

func TestAShiftIsSetAnewInTheFirstSeconds(t *testing.T) {
	video, audio := &track{scale: 90000}, &track{scale: 48000}
	c := clock{lead: video}
	zero := time.Unix(1_700_000_000, 0)
	c.report(video, 0, zero)
	c.report(audio, 0, zero)
	c.report(audio, 48000, zero.Add(time.Second+30*time.Millisecond))
	if got := duration(audio.shift, 48000); got > 5*time.Millisecond {
		t.Errorf("moved by %v for 30 ms", got)
	}
	c.report(audio, 96000, zero.Add(2*time.Second-400*time.Millisecond))
	if got := duration(audio.shift, 48000); got != -400*time.Millisecond {
		t.Errorf("moved to %v, want -400ms at once", got)
	}
}

func TestAGuessPlacesATrackAtTheLeadsNewest(t *testing.T) {
	video, audio := &track{scale: 90000, time: 90000 * 7}, &track{scale: 48000, time: 960}
	c := clock{lead: video}
	c.guess(audio)
	if got := audio.time + audio.shift; got != 48000*7 {
		t.Errorf("audio is at %d, want %d", got, 48000*7)
	}
}

func TestTicksAndDurationsAgree(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		n, scale := rnd.Int64N(1<<44), int64(8000+rnd.IntN(184000))
		if got := ticks(duration(n, scale), scale); got > n || n-got > 1 {
			t.Fatalf("%d ticks of 1/%d s came back as %d", n, scale, got)
		}
	}
}
