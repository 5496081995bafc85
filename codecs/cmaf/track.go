package cmaf

import (
	"fmt"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

// Track is one elementary stream: its description as peers see it, and what a decoder needs.
type Track struct {
	chunk.Track
	Params codecs.Codec // *codecs.H264, H265, AV1, VP9, Opus or MPEG4Audio; read only
}

// NewTrack describes a track by its codec parameters. timescale is ticks a second: 90000 for video, the sampling
// rate for audio. The error is [ingest.ErrCodec], for a codec that is not carried or parameters that are
// missing or cannot be read.
func NewTrack(id, timescale uint32, params codecs.Codec) (Track, error) {
	t := Track{Track: chunk.Track{ID: id, Timescale: timescale, Kind: chunk.Audio}, Params: params}
	if id == 0 || timescale == 0 {
		return Track{}, fmt.Errorf("%w: track %d with %d ticks a second", ingest.ErrCodec, id, timescale)
	}
	if params != nil && params.IsVideo() {
		t.Kind = chunk.Video
	}
	var width, height int
	switch p := params.(type) {
	case *codecs.H264:
		var sps h264.SPS
		if err := unmarshal(&sps, p.SPS); err != nil || len(p.PPS) == 0 {
			return Track{}, parameters("H.264", err)
		}
		width, height = sps.Width(), sps.Height()
	case *codecs.H265:
		var sps h265.SPS
		if err := unmarshal(&sps, p.SPS); err != nil || len(p.PPS) == 0 || len(p.VPS) == 0 {
			return Track{}, parameters("H.265", err)
		}
		width, height = sps.Width(), sps.Height()
	case *codecs.AV1:
		var sh av1.SequenceHeader
		if err := unmarshal(&sh, p.SequenceHeader); err != nil {
			return Track{}, parameters("AV1", err)
		}
		width, height = sh.Width(), sh.Height()
	case *codecs.VP9:
		if p.Width <= 0 || p.Height <= 0 {
			return Track{}, parameters("VP9", nil)
		}
		width, height = p.Width, p.Height
	case *codecs.Opus:
		t.Rate, t.Channels = 48000, uint8(p.ChannelCount)
	case *codecs.MPEG4Audio:
		t.Rate, t.Channels = uint32(p.Config.SampleRate), aacChannels(p.Config.ChannelConfig)
		if t.Rate == 0 {
			return Track{}, parameters("MPEG-4 audio", nil)
		}
	default:
		return Track{}, fmt.Errorf("%w: %s (carried: H.264, H.265, AV1, VP9, Opus, MPEG-4 audio)", ingest.ErrCodec, Name(params))
	}
	if width > 0xffff || height > 0xffff {
		return Track{}, fmt.Errorf("%w: %d x %d pixels", ingest.ErrCodec, width, height)
	}
	t.Width, t.Height = uint16(width), uint16(height)
	t.Codec = codecString(params)
	return t, nil
}

// Duration is ticks of t as time, rounded to the nearest nanosecond.
func (t *Track) Duration(ticks int64) time.Duration { return ticksToTime(ticks, t.Timescale) }

// Ticks is d in the timescale of t, rounded to the nearest.
func (t *Track) Ticks(d time.Duration) int64 { return timeToTicks(d, t.Timescale) }

// Name is what people call a codec.
func Name(params codecs.Codec) string {
	switch params.(type) {
	case *codecs.H264:
		return "H.264"
	case *codecs.H265:
		return "H.265"
	case *codecs.AV1:
		return "AV1"
	case *codecs.VP9:
		return "VP9"
	case *codecs.Opus:
		return "Opus"
	case *codecs.MPEG4Audio:
		return "MPEG-4 audio"
	case *codecs.MPEG1Audio:
		return "MPEG-1 audio"
	case *codecs.AC3:
		return "AC-3"
	case *codecs.LPCM:
		return "LPCM"
	case *codecs.MJPEG:
		return "Motion JPEG"
	}
	return fmt.Sprintf("%T", params)
}

// unmarshaler is a parameter set of mediacommon.
type unmarshaler interface{ Unmarshal(b []byte) error }

// unmarshal guards the parsers, which index the first byte.
func unmarshal(v unmarshaler, b []byte) error {
	if len(b) < 2 {
		return fmt.Errorf("%d bytes of parameters", len(b))
	}
	return v.Unmarshal(b)
}

// parameters is the error of a codec that is carried but badly described.
func parameters(name string, err error) error {
	if err == nil {
		return fmt.Errorf("%w: %s parameters are missing", ingest.ErrCodec, name)
	}
	return fmt.Errorf("%w: %s parameters: %w", ingest.ErrCodec, name, err)
}

// aacChannels maps the channel configuration to a count (ISO 14496-3, table 1.19).
func aacChannels(config uint8) uint8 {
	switch {
	case config == 7:
		return 8
	case config == 0 || config > 7:
		return 2
	}
	return config
}

func ticksToTime(ticks int64, scale uint32) time.Duration {
	s := int64(scale)
	rest := ticks % s * int64(time.Second)
	half := s / 2
	if rest < 0 {
		half = -half
	}
	return time.Duration(ticks/s)*time.Second + time.Duration((rest+half)/s)
}

func timeToTicks(d time.Duration, scale uint32) int64 {
	s := int64(scale)
	rest := int64(d%time.Second) * s
	half := int64(time.Second) / 2
	if rest < 0 {
		half = -half
	}
	return int64(d/time.Second)*s + (rest+half)/int64(time.Second)
}
