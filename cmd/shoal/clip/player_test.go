package clip

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
)

func typeName(v any) string { return fmt.Sprintf("%T", v) }

// sent is one packet as the server would see it.
type sent struct {
	track int
	pkt   rtp.Packet
	ntp   time.Time // what the sender report says about it
	at    time.Time // when it left
}

// playAll runs the player of a clip in virtual time and returns what it sent.
func playAll(t *testing.T, name string, loops int, during func(n int)) ([]sent, *player) {
	t.Helper()
	c, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlayer(c, loops)
	if err != nil {
		t.Fatal(err)
	}
	var out []sent
	p.write = func(track int, pkt *rtp.Packet, ntp time.Time) error {
		out = append(out, sent{track: track, pkt: *pkt, ntp: ntp, at: time.Now()})
		if during != nil {
			during(len(out))
		}
		return nil
	}
	if err := p.run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return out, p
}

func TestEveryClipKeepsOneTimelineOverLoops(t *testing.T) {
	for _, b := range bundled {
		t.Run(b.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const loops = 3
				packets, p := playAll(t, b.name, loops, nil)
				units := map[int]int{}
				sequence := map[int]uint16{}
				for _, s := range packets {
					track := p.tracks[s.track]
					rate := track.format.ClockRate()
					if len(s.pkt.Payload) > payloadMax {
						t.Fatalf("a payload of %d bytes, want at most %d", len(s.pkt.Payload), payloadMax)
					}
					// RTP time and NTP time are the same clock on both tracks.
					ticks := int64(int32(s.pkt.Timestamp - track.randomStart))
					if want := toTicks(s.ntp.Sub(p.start), int64(rate)); ticks != want {
						t.Fatalf("track %d: RTP time %d, NTP time says %d", s.track, ticks, want)
					}
					// Nothing leaves before it was captured, nor later than it must.
					if wait := s.at.Sub(s.ntp); wait < 0 || wait > p.clip.Reorder {
						t.Fatalf("track %d: sent %v after its NTP time, want 0 to %v", s.track, wait, p.clip.Reorder)
					}
					if last, seen := sequence[s.track]; seen && s.pkt.SequenceNumber != last+1 {
						t.Fatalf("track %d: packet %d follows %d", s.track, s.pkt.SequenceNumber, last)
					}
					sequence[s.track] = s.pkt.SequenceNumber
					if s.pkt.Marker || !track.track.Codec.IsVideo() {
						units[s.track]++
					}
				}
				for i := range p.tracks {
					if want := loops * b.samples[i]; units[i] != want {
						t.Errorf("track %d: %d access units, want %d", i, units[i], want)
					}
				}
				if took := time.Since(p.start); took > loops*p.clip.Duration+p.clip.Reorder || took < loops*p.clip.Duration-time.Second {
					t.Errorf("%d loops took %v, want just under %v", loops, took, loops*p.clip.Duration)
				}
			})
		})
	}
}

// TestTimestampsStepEvenlyAcrossTheSeam needs no tolerance: 1/30 s is 3,000
// ticks of the video's clock and an AAC frame is 1,024 samples.
func TestTimestampsStepEvenlyAcrossTheSeam(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		packets, _ := playAll(t, "h264-480x270-aac", 4, nil)
		step := map[int]uint32{0: 3000, 1: 1024}
		last := map[int]uint32{}
		for _, s := range packets {
			if before, ok := last[s.track]; ok && s.pkt.Timestamp != before && s.pkt.Timestamp-before != step[s.track] {
				t.Fatalf("track %d steps by %d, want %d", s.track, s.pkt.Timestamp-before, step[s.track])
			}
			last[s.track] = s.pkt.Timestamp
		}
	})
}

func TestLostTimeIsSkippedOnAllClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const held = 20 * time.Second // a suspended machine
		packets, p := playAll(t, "h264-opus", 2, func(n int) {
			if n == 100 {
				<-time.After(held)
			}
		})
		if p.skew < held-maxLate || p.skew > held {
			t.Errorf("skipped %v, want about %v", p.skew, held)
		}
		for _, s := range packets[100:] {
			if late := s.at.Sub(s.ntp); late > maxLate {
				t.Fatalf("after the skip a packet is %v late", late)
			}
		}
		for i, s := range packets {
			want := toTicks(s.ntp.Sub(p.start), int64(p.tracks[s.track].format.ClockRate()))
			if got := int64(int32(s.pkt.Timestamp - p.tracks[s.track].randomStart)); got != want {
				t.Fatalf("packet %d: RTP time %d, NTP time says %d", i, got, want)
			}
		}
	})
}

func TestPlayerEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := Open(Default)
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPlayer(c, 0)
		if err != nil {
			t.Fatal(err)
		}
		p.write = func(int, *rtp.Packet, time.Time) error { return nil }
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if err := p.run(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("run() = %v, want the deadline", err)
		}
		if p.tracks[0].loop != 3 { // 30 s of an 8 s clip
			t.Errorf("in loop %d after 30 s, want 3", p.tracks[0].loop)
		}
	})
}
