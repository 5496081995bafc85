package rtp_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress/egresstest"
	"github.com/shoal-live/shoal/plugins/egress/material"
	"github.com/shoal-live/shoal/plugins/egress/rtp"
)

// at moves the births of an epoch so that it began at start.
func at(e egresstest.Epoch, number uint32, start time.Time) egresstest.Epoch {
	d := *e.Descriptor
	d.Epoch = number
	out := egresstest.Epoch{Descriptor: &d}
	for _, g := range e.Groups {
		g.Epoch, g.Born = number, start.Add(g.Time+g.Span).UnixMicro()
		out.Groups = append(out.Groups, g)
	}
	return out
}

// units packetizes groups.
func units(t *testing.T, p *rtp.Packetizer, groups []chunk.Group) []rtp.Unit {
	t.Helper()
	var all []rtp.Unit
	for _, g := range groups {
		b, err := p.Media(&g)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b.Units...)
	}
	return all
}

func TestTimeGoesOnOverEpochsWithTheSameFormatsByTheSourcesClock(t *testing.T) {
	e := material.Epoch(t, "clock", 1, time.Second)
	start := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name         string
		pause, place time.Duration // between the starts of the epochs
	}{
		{"after a pause", 10 * time.Second, 10 * time.Second},
		{"when the source's clock went back", -time.Hour, 8 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p rtp.Packetizer
			if f, err := p.Begin(e.Descriptor); f != rtp.Changed || err != nil {
				t.Fatal(f, err)
			}
			session := p.Session()
			first := units(t, &p, at(e, 1, start).Groups)
			second := at(e, 2, start.Add(c.pause))
			if f, err := p.Begin(second.Descriptor); f != rtp.Same || err != nil {
				t.Fatal(f, err)
			}
			if p.Session() != session {
				t.Error("the session is another object")
			}
			again := units(t, &p, second.Groups)
			var a, b rtp.Unit // the first sample of video in each
			for i := len(first) - 1; i >= 0; i-- {
				if first[i].Kind == chunk.Video {
					a = first[i]
				}
				if again[i].Kind == chunk.Video {
					b = again[i]
				}
			}
			if got := b.PTS - a.PTS; (got-c.place).Abs() > 40*time.Millisecond || got < c.place-time.Millisecond {
				t.Errorf("the second epoch begins %v after the first, want %v", got, c.place)
			}
			ticks := b.Packets[0].Timestamp - a.Packets[0].Timestamp
			if got := time.Duration(ticks) * time.Second / 90000; (got - (b.PTS - a.PTS)).Abs() > time.Millisecond {
				t.Errorf("RTP time went on by %v, the timeline by %v", got, b.PTS-a.PTS)
			}
			if got := b.NTP.Sub(a.NTP); got != c.pause {
				t.Errorf("NTP time went on by %v, want %v", got, c.pause)
			}
			if b.Packets[0].SequenceNumber == a.Packets[0].SequenceNumber {
				t.Error("sequence numbers began again")
			}
		})
	}
}

func TestOtherFormatsAreANewSession(t *testing.T) {
	var p rtp.Packetizer
	for i, name := range []string{"clock", "h264-480x270-aac", "h265-aac", "vp9-opus", "av1-opus", "h264-opus"} {
		e := material.Epoch(t, name, uint32(i), time.Second)
		before := p.Session()
		if f, err := p.Begin(e.Descriptor); f != rtp.Changed || err != nil || p.Session() == before {
			t.Errorf("%s: %d, %v", name, f, err)
		}
		if n := len(units(t, &p, e.Groups)); n < 70 {
			t.Errorf("%s: %d units of a second", name, n)
		}
	}
}

func TestPacketsFitAndEndTheirPicture(t *testing.T) {
	for _, name := range []string{"h264-big-keys-aac", "h265-aac", "vp9-opus", "av1-opus"} {
		e := material.Epoch(t, name, 1, time.Second)
		var p rtp.Packetizer
		if _, err := p.Begin(e.Descriptor); err != nil {
			t.Fatal(err)
		}
		for _, u := range units(t, &p, e.Groups) {
			for i, packet := range u.Packets {
				if len(packet.Payload) > 1440 {
					t.Errorf("%s: a payload of %d bytes", name, len(packet.Payload))
				}
				if last := i == len(u.Packets)-1; u.Kind == chunk.Video && packet.Marker != last {
					t.Errorf("%s: marker %v on packet %d of %d", name, packet.Marker, i, len(u.Packets))
				}
			}
		}
	}
}

func TestAReaderBeginsWithAKeyPictureAndTheSoundOfItsMoment(t *testing.T) {
	for _, name := range []string{"clock", "h264-bframes-aac", "h264-long-gop-aac", "vp9-opus"} {
		t.Run(name, func(t *testing.T) {
			e := material.Epoch(t, name, 1, 3*time.Second)
			var p rtp.Packetizer
			if _, err := p.Begin(e.Descriptor); err != nil {
				t.Fatal(err)
			}
			var b rtp.Backlog
			b.Reset(p.Tracks())
			starts := 0
			for _, g := range e.Groups {
				batch, err := p.Media(&g)
				if err != nil {
					t.Fatal(err)
				}
				b.Add(batch)
				got := b.Start()
				if got == nil {
					continue
				}
				starts++
				if !got[0].Key {
					t.Fatalf("at %v the first unit is no key picture", g.Time)
				}
				for _, u := range got[1:] {
					if u.Kind == chunk.Audio {
						if off := (u.PTS - got[0].PTS).Abs(); off > 22*time.Millisecond { // a frame of sound
							t.Fatalf("at %v the first sound is %v off", g.Time, off)
						}
						break
					}
					if u.PTS-got[0].PTS > 22*time.Millisecond && u.DTS+got[0].PTS-got[0].DTS < got[0].PTS {
						t.Fatalf("at %v a picture comes before the first sound", g.Time)
					}
				}
				last := time.Duration(-1)
				for _, u := range got {
					if u.Kind == chunk.Video && u.DTS < last {
						t.Fatalf("at %v pictures are out of order", g.Time)
					} else if u.Kind == chunk.Video {
						last = u.DTS
					}
				}
			}
			if starts < len(e.Groups)*8/10 {
				t.Errorf("a reader can begin after %d of %d groups only", starts, len(e.Groups))
			}
		})
	}
}

func TestABacklogIsBounded(t *testing.T) {
	e := material.Epoch(t, "clock", 1, time.Second)
	var p rtp.Packetizer
	if _, err := p.Begin(e.Descriptor); err != nil {
		t.Fatal(err)
	}
	batch, err := p.Media(&e.Groups[0])
	if err != nil {
		t.Fatal(err)
	}
	var b rtp.Backlog
	b.Reset(rtp.OneKind)
	b.Add(batch)
	for range 2000 { // of 15 KB each
		b.Add(rtp.Batch{Units: batch.Units})
	}
	if b.Start() != nil {
		t.Error("30 MB are kept")
	}
	b.Add(batch)
	if b.Start() == nil {
		t.Error("the next key picture does not begin anew")
	}
}

func BenchmarkMedia(b *testing.B) {
	e := material.Epoch(b, "clock", 1, 8*time.Second)
	var p rtp.Packetizer
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Begin(e.Descriptor); err != nil {
			b.Fatal(err)
		}
		for _, g := range e.Groups {
			if _, err := p.Media(&g); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(e.Groups)), "ns/group")
}
