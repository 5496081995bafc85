package clip

import (
	"fmt"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/rtp"
)

// payloadMax is the largest RTP payload that we send, in bytes. MediaMTX splits
// larger ones again for its readers and warns about each.
const payloadMax = 1440

// packetizer turns samples of one track into RTP packets. Timestamps of the
// packets are relative to the sample.
type packetizer struct {
	format format.Format
	pack   func(sample []byte) ([]*rtp.Packet, error)
}

// newPacketizer makes the packetizer for codec; a codec that we cannot send is
// [ErrUnsupported].
func newPacketizer(codec codecs.Codec, payloadType uint8) (packetizer, error) {
	switch codec := codec.(type) {
	case *codecs.H264:
		f := &format.H264{PayloadTyp: payloadType, SPS: codec.SPS, PPS: codec.PPS, PacketizationMode: 1}
		enc, err := f.CreateEncoder()
		if err != nil {
			return packetizer{}, err
		}
		enc.PayloadMaxSize = payloadMax
		return packetizer{f, packNALUs(enc.Encode)}, nil

	case *codecs.H265:
		f := &format.H265{PayloadTyp: payloadType, VPS: codec.VPS, SPS: codec.SPS, PPS: codec.PPS}
		enc, err := f.CreateEncoder()
		if err != nil {
			return packetizer{}, err
		}
		enc.PayloadMaxSize = payloadMax
		return packetizer{f, packNALUs(enc.Encode)}, nil

	case *codecs.AV1:
		f := &format.AV1{PayloadTyp: payloadType}
		enc, err := f.CreateEncoder()
		if err != nil {
			return packetizer{}, err
		}
		enc.PayloadMaxSize = payloadMax
		return packetizer{f, func(sample []byte) ([]*rtp.Packet, error) {
			var unit av1.Bitstream
			if err := unit.Unmarshal(sample); err != nil {
				return nil, err
			}
			return enc.Encode(unit)
		}}, nil

	case *codecs.VP9:
		f := &format.VP9{PayloadTyp: payloadType}
		enc, err := f.CreateEncoder()
		if err != nil {
			return packetizer{}, err
		}
		enc.PayloadMaxSize = payloadMax
		return packetizer{f, enc.Encode}, nil

	default:
		return newAudioPacketizer(codec, payloadType)
	}
}

func newAudioPacketizer(codec codecs.Codec, payloadType uint8) (packetizer, error) {
	switch codec := codec.(type) {
	case *codecs.MPEG4Audio:
		f := &format.MPEG4Audio{
			PayloadTyp: payloadType, Config: &codec.Config,
			SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3,
		}
		enc, err := f.CreateEncoder()
		if err != nil {
			return packetizer{}, err
		}
		enc.PayloadMaxSize = payloadMax
		return packetizer{f, func(sample []byte) ([]*rtp.Packet, error) {
			return enc.Encode([][]byte{sample})
		}}, nil

	case *codecs.Opus:
		f := &format.Opus{PayloadTyp: payloadType, ChannelCount: codec.ChannelCount}
		enc, err := f.CreateEncoder()
		if err != nil {
			return packetizer{}, err
		}
		enc.PayloadMaxSize = payloadMax
		return packetizer{f, func(sample []byte) ([]*rtp.Packet, error) {
			pkt, err := enc.Encode(sample)
			return []*rtp.Packet{pkt}, err
		}}, nil
	}
	return packetizer{}, fmt.Errorf("%w: codec %T (have: H.264, H.265, AV1, VP9, AAC, Opus)", ErrUnsupported, codec)
}

// packNALUs splits a length-prefixed sample before it is encoded.
func packNALUs(encode func([][]byte) ([]*rtp.Packet, error)) func([]byte) ([]*rtp.Packet, error) {
	return func(sample []byte) ([]*rtp.Packet, error) {
		var unit h264.AVCC
		if err := unit.Unmarshal(sample); err != nil {
			return nil, err
		}
		return encode(unit)
	}
}
