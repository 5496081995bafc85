// Package rtptrack maps CMAF tracks to RTP formats and back, and access units to RTP packets and back.
package rtptrack

import (
	"fmt"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/ingest"
)

// MaxPayload is the RTP payload that encoders aim at, in bytes: what MediaMTX takes without packing it anew.
const MaxPayload = 1440

// Format describes t for an SDP. A payload type of 96 and up suits. Errors: [ingest.ErrCodec].
func Format(t *cmaf.Track, payloadType uint8) (format.Format, error) {
	switch p := t.Params.(type) {
	case *codecs.H264:
		return &format.H264{PayloadTyp: payloadType, SPS: p.SPS, PPS: p.PPS, PacketizationMode: 1}, nil
	case *codecs.H265:
		return &format.H265{PayloadTyp: payloadType, VPS: p.VPS, SPS: p.SPS, PPS: p.PPS}, nil
	case *codecs.AV1:
		return &format.AV1{PayloadTyp: payloadType}, nil
	case *codecs.VP9:
		profile := int(p.Profile)
		return &format.VP9{PayloadTyp: payloadType, ProfileID: &profile}, nil
	case *codecs.Opus:
		return &format.Opus{PayloadTyp: payloadType, ChannelCount: p.ChannelCount}, nil
	case *codecs.MPEG4Audio:
		config := p.Config
		return &format.MPEG4Audio{
			PayloadTyp: payloadType, Config: &config, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3,
		}, nil
	}
	return nil, fmt.Errorf("%w: %s over RTP", ingest.ErrCodec, cmaf.Name(t.Params))
}

// Params is what an SDP says of a codec. Video parameter sets that it leaves out are nil: they come in-band.
// Errors: [ingest.ErrCodec], naming the codec, for a format that is not carried.
func Params(f format.Format) (codecs.Codec, error) {
	switch f := f.(type) {
	case *format.H264:
		return &codecs.H264{SPS: f.SPS, PPS: f.PPS}, nil
	case *format.H265:
		return &codecs.H265{VPS: f.VPS, SPS: f.SPS, PPS: f.PPS}, nil
	case *format.AV1:
		return &codecs.AV1{}, nil
	case *format.VP9:
		return &codecs.VP9{}, nil
	case *format.Opus:
		if f.ChannelCount > 2 {
			return nil, fmt.Errorf("%w: Opus with %d channels (1 and 2 are)", ingest.ErrCodec, f.ChannelCount)
		}
		return &codecs.Opus{ChannelCount: f.ChannelCount}, nil
	case *format.MPEG4Audio:
		if f.Config == nil {
			return nil, fmt.Errorf("%w: MPEG-4 audio without its configuration", ingest.ErrCodec)
		}
		return &codecs.MPEG4Audio{Config: *f.Config}, nil
	}
	return nil, fmt.Errorf("%w: %s", ingest.ErrCodec, Name(f))
}

// Name is what people call the codec of f.
func Name(f format.Format) string {
	if g, ok := f.(*format.Generic); ok {
		return "RTP format " + g.RTPMap()
	}
	return f.Codec() //nolint:staticcheck // the only name the library has for people
}
