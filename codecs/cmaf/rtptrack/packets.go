package rtptrack

import (
	"errors"
	"fmt"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpav1"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph265"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpmpeg4audio"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpvp9"
	"github.com/pion/rtp"

	"github.com/shoal-live/shoal/core/ingest"
)

// Decoder gathers the packets of one track into access units.
type Decoder struct {
	decode func(*rtp.Packet) ([][]byte, error)
}

// NewDecoder for packets of f. Errors: [ingest.ErrCodec].
func NewDecoder(f format.Format) (*Decoder, error) {
	var decode func(*rtp.Packet) ([][]byte, error)
	var err error
	switch f := f.(type) {
	case *format.H264:
		var d *rtph264.Decoder
		if d, err = f.CreateDecoder(); err == nil {
			decode = d.Decode
		}
	case *format.H265:
		var d *rtph265.Decoder
		if d, err = f.CreateDecoder(); err == nil {
			decode = d.Decode
		}
	case *format.AV1:
		var d *rtpav1.Decoder
		if d, err = f.CreateDecoder(); err == nil {
			decode = d.Decode
		}
	case *format.MPEG4Audio:
		var d *rtpmpeg4audio.Decoder
		if d, err = f.CreateDecoder(); err == nil {
			decode = d.Decode
		}
	case *format.VP9:
		var d *rtpvp9.Decoder
		if d, err = f.CreateDecoder(); err == nil {
			decode = one(d.Decode)
		}
	case *format.Opus:
		d, e := f.CreateDecoder()
		if err = e; err == nil {
			decode = one(d.Decode)
		}
	default:
		return nil, fmt.Errorf("%w: %s", ingest.ErrCodec, Name(f))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ingest.ErrCodec, Name(f), err)
	}
	return &Decoder{decode: decode}, nil
}

// Decode takes the next packet. units is nil until one completes a unit: NAL units, OBUs or a frame of one
// picture; or one or more frames of audio, the first at the packet's timestamp. An error means that packets were lost or
// broken: the unit that they belong to is dropped, the next one is not affected.
func (d *Decoder) Decode(p *rtp.Packet) (units [][]byte, err error) {
	units, err = d.decode(p)
	if err != nil && isPartial(err) {
		return nil, nil
	}
	return units, err
}

// isPartial tells that more packets are needed, or that the first ones were sent before this reader came.
func isPartial(err error) bool {
	for _, e := range []error{
		rtph264.ErrMorePacketsNeeded, rtph264.ErrNonStartingPacketAndNoPrevious,
		rtph265.ErrMorePacketsNeeded, rtph265.ErrNonStartingPacketAndNoPrevious,
		rtpav1.ErrMorePacketsNeeded, rtpav1.ErrNonStartingPacketAndNoPrevious,
		rtpvp9.ErrMorePacketsNeeded, rtpvp9.ErrNonStartingPacketAndNoPrevious,
		rtpmpeg4audio.ErrMorePacketsNeeded,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Encoder cuts access units of one track into packets.
type Encoder struct {
	encode func([][]byte) ([]*rtp.Packet, error)
}

// NewEncoder for packets of f, with at most MaxPayload bytes of payload. Errors: [ingest.ErrCodec].
func NewEncoder(f format.Format) (*Encoder, error) {
	type multi interface {
		Init() error
		Encode([][]byte) ([]*rtp.Packet, error)
	}
	var m multi
	switch f := f.(type) {
	case *format.H264:
		m = &rtph264.Encoder{PayloadType: f.PayloadTyp, PacketizationMode: f.PacketizationMode, PayloadMaxSize: MaxPayload}
	case *format.H265:
		m = &rtph265.Encoder{PayloadType: f.PayloadTyp, MaxDONDiff: f.MaxDONDiff, PayloadMaxSize: MaxPayload}
	case *format.AV1:
		m = &rtpav1.Encoder{PayloadType: f.PayloadTyp, PayloadMaxSize: MaxPayload}
	case *format.MPEG4Audio:
		m = &rtpmpeg4audio.Encoder{
			PayloadType: f.PayloadTyp, PayloadMaxSize: MaxPayload,
			SizeLength: f.SizeLength, IndexLength: f.IndexLength, IndexDeltaLength: f.IndexDeltaLength,
		}
	case *format.VP9:
		e := &rtpvp9.Encoder{PayloadType: f.PayloadTyp, PayloadMaxSize: MaxPayload}
		if err := e.Init(); err != nil {
			return nil, fmt.Errorf("%w: VP9: %w", ingest.ErrCodec, err)
		}
		return &Encoder{encode: func(units [][]byte) ([]*rtp.Packet, error) { return e.Encode(units[0]) }}, nil
	case *format.Opus:
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("%w: Opus: %w", ingest.ErrCodec, err)
		}
		return &Encoder{encode: func(units [][]byte) ([]*rtp.Packet, error) {
			p, err := e.Encode(units[0])
			return []*rtp.Packet{p}, err
		}}, nil
	default:
		return nil, fmt.Errorf("%w: %s", ingest.ErrCodec, Name(f))
	}
	if err := m.Init(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ingest.ErrCodec, Name(f), err)
	}
	return &Encoder{encode: m.Encode}, nil
}

// Encode cuts the units of one sample, as cmaf.Unpackager.Units gave them, into packets with timestamp 0: the caller
// adds the sample's presentation time, in ticks of the track, to an offset of its own.
func (e *Encoder) Encode(units [][]byte) ([]*rtp.Packet, error) {
	if len(units) == 0 {
		return nil, nil
	}
	return e.encode(units)
}

// one makes a decoder of single frames look like the others.
func one(decode func(*rtp.Packet) ([]byte, error)) func(*rtp.Packet) ([][]byte, error) {
	return func(p *rtp.Packet) ([][]byte, error) {
		frame, err := decode(p)
		if err != nil || frame == nil {
			return nil, err
		}
		return [][]byte{frame}, nil
	}
}
