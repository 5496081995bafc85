package material

import (
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress/egresstest"
	"github.com/shoal-live/shoal/core/ingest"
)

// Epoch packages a bundled clip, played again and again for at least length.
func Epoch(tb testing.TB, name string, number uint32, length time.Duration) egresstest.Epoch {
	tb.Helper()
	c, err := clip.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	return epochOf(tb, c, number, length)
}

// Single is Epoch, number 1, of the clip's only track of a kind.
func Single(tb testing.TB, name string, kind chunk.Kind, length time.Duration) egresstest.Epoch {
	tb.Helper()
	c, err := clip.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	c.Tracks = slices.DeleteFunc(c.Tracks, func(t clip.Track) bool { return t.Codec.IsVideo() != (kind == chunk.Video) })
	return epochOf(tb, c, 1, length)
}

func epochOf(tb testing.TB, c *clip.Clip, number uint32, length time.Duration) egresstest.Epoch {
	tb.Helper()
	began := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	now := began
	cfg := cmaf.PackagerConfig{Bitrate: 1_000_000, Now: func() time.Time { return now }}
	for _, t := range c.Tracks {
		cfg.Inputs = append(cfg.Inputs, cmaf.Input{Params: t.Codec, Timescale: uint32(timescale(t.Codec))})
	}
	sink := &collector{number: number, name: c.Name}
	p, err := cmaf.NewPackager(cfg, sink)
	if err != nil {
		tb.Fatal(err)
	}
	for s := range samples(c, length) {
		data, err := s.Payload()
		if err != nil {
			tb.Fatal(err)
		}
		codec := c.Tracks[s.track].Codec
		units, err := split(codec, data)
		if err != nil {
			tb.Fatal(err)
		}
		now = began.Add(s.PTS + c.Reorder)
		ticks := int64((s.PTS+c.Reorder)*time.Duration(timescale(codec))+time.Second/2) / int64(time.Second)
		if err := p.Write(cmaf.Unit{Track: s.track, PTS: ticks, NTP: now, Data: units}); err != nil {
			tb.Fatal(err)
		}
	}
	if err := p.Flush(); err != nil {
		tb.Fatal(err)
	}
	if sink.epochs != 1 {
		tb.Fatalf("clip %s made %d epochs", c.Name, sink.epochs)
	}
	return sink.epoch
}

// placed is a sample of a track, at its time within all loops.
type placed struct {
	clip.Sample
	track int
}

// samples is all samples of the loops of c in order of their decoding time.
func samples(c *clip.Clip, length time.Duration) iter.Seq[placed] {
	return func(yield func(placed) bool) {
		for at := time.Duration(0); at < length; at += c.Duration {
			next := make([]int, len(c.Tracks))
			for {
				best := -1
				for i, t := range c.Tracks {
					if next[i] < len(t.Samples) && (best < 0 || t.Samples[next[i]].DTS < c.Tracks[best].Samples[next[best]].DTS) {
						best = i
					}
				}
				if best < 0 {
					break
				}
				s := c.Tracks[best].Samples[next[best]]
				next[best]++
				s.PTS, s.DTS = s.PTS+at, s.DTS+at
				if !yield(placed{s, best}) {
					return
				}
			}
		}
	}
}

// split takes an MP4 sample apart into what a source delivers.
func split(codec codecs.Codec, data []byte) ([][]byte, error) {
	switch codec.(type) {
	case *codecs.H264, *codecs.H265:
		var units h264.AVCC
		err := units.Unmarshal(data)
		return units, err
	case *codecs.AV1:
		var units av1.Bitstream
		err := units.Unmarshal(data)
		return units, err
	}
	return [][]byte{data}, nil
}

func timescale(codec codecs.Codec) int {
	switch c := codec.(type) {
	case *codecs.MPEG4Audio:
		return c.Config.SampleRate
	case *codecs.Opus:
		return 48000
	}
	return 90000
}

// collector keeps what a packager hands over.
type collector struct {
	number uint32
	name   string
	epochs int
	epoch  egresstest.Epoch
}

// Tracks implements ingest.Sink.
func (c *collector) Tracks(m ingest.Media) error {
	c.epochs++
	c.epoch.Descriptor = &chunk.Descriptor{
		Name: c.name, Epoch: c.number, Substreams: 16, ChunkSize: 900, Authentication: "merkle",
		Bitrate: m.Bitrate, RandomAccess: m.RandomAccess, Tracks: m.Tracks, Init: m.Init,
	}
	return nil
}

// Group implements ingest.Sink.
func (c *collector) Group(g chunk.Group) error {
	g.Epoch, g.Group = c.number, uint64(len(c.epoch.Groups))
	c.epoch.Groups = append(c.epoch.Groups, g)
	return nil
}
