// Package hlstrack describes CMAF tracks to gohlslib, and muxes samples into it.
package hlstrack

import (
	"fmt"
	"time"

	"github.com/bluenviron/gohlslib/v2"
	hls "github.com/bluenviron/gohlslib/v2/pkg/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/ingest"
)

// Track is t as gohlslib's muxer takes it; the clock rate is t's timescale. Errors: [ingest.ErrCodec].
func Track(t *cmaf.Track) (*gohlslib.Track, error) {
	c, err := codec(t.Params)
	if err != nil {
		return nil, err
	}
	return &gohlslib.Track{Codec: c, ClockRate: int(t.Timescale)}, nil
}

// Write hands one sample to m: units are what cmaf.Unpackager.Units gave, pts is in ticks of t, ntp is when it was
// presented at the source, by the wall clock. to came from Track. Errors are gohlslib's.
func Write(m *gohlslib.Muxer, to *gohlslib.Track, s Sample) error {
	if len(s.Units) == 0 {
		return nil
	}
	switch to.Codec.(type) {
	case *hls.H264:
		return m.WriteH264(to, s.NTP, s.PTS, s.Units)
	case *hls.H265:
		return m.WriteH265(to, s.NTP, s.PTS, s.Units)
	case *hls.AV1:
		return m.WriteAV1(to, s.NTP, s.PTS, s.Units)
	case *hls.VP9:
		return m.WriteVP9(to, s.NTP, s.PTS, s.Units[0])
	case *hls.Opus:
		return m.WriteOpus(to, s.NTP, s.PTS, s.Units)
	case *hls.MPEG4Audio:
		return m.WriteMPEG4Audio(to, s.NTP, s.PTS, s.Units)
	}
	return fmt.Errorf("%w: %T", ingest.ErrCodec, to.Codec)
}

// Sample is one access unit for Write.
type Sample struct {
	PTS   int64 // ticks of the track
	NTP   time.Time
	Units [][]byte
}

func codec(params codecs.Codec) (hls.Codec, error) {
	switch p := params.(type) {
	case *codecs.H264:
		return &hls.H264{SPS: p.SPS, PPS: p.PPS}, nil
	case *codecs.H265:
		return &hls.H265{VPS: p.VPS, SPS: p.SPS, PPS: p.PPS}, nil
	case *codecs.AV1:
		return &hls.AV1{SequenceHeader: p.SequenceHeader}, nil
	case *codecs.VP9:
		return &hls.VP9{
			Width: p.Width, Height: p.Height, Profile: p.Profile, BitDepth: p.BitDepth,
			ChromaSubsampling: p.ChromaSubsampling, ColorRange: p.ColorRange,
		}, nil
	case *codecs.Opus:
		return &hls.Opus{ChannelCount: p.ChannelCount}, nil
	case *codecs.MPEG4Audio:
		return &hls.MPEG4Audio{Config: p.Config}, nil
	}
	return nil, fmt.Errorf("%w: %s in HLS", ingest.ErrCodec, cmaf.Name(params))
}
