package cliptest

import (
	"errors"
	"fmt"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpav1"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph265"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpmpeg4audio"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpvp9"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/rtp"
)

// unpacker turns a packet at ticks into the units that it completes.
type unpacker func(pkt *rtp.Packet, ticks int64) ([]Unit, error)

// newUnpacker makes the unpacker of f and the codec for the MP4. For AV1 and
// VP9 the codec's fields are filled with the first key frame.
func newUnpacker(f format.Format) (codecs.Codec, unpacker, error) {
	switch f := f.(type) {
	case *format.H264:
		dec, err := f.CreateDecoder()
		return &codecs.H264{SPS: f.SPS, PPS: f.PPS}, unpackH264(dec, f), err
	case *format.H265:
		dec, err := f.CreateDecoder()
		return &codecs.H265{VPS: f.VPS, SPS: f.SPS, PPS: f.PPS}, unpackH265(dec, f), err
	case *format.AV1:
		dec, err := f.CreateDecoder()
		codec := &codecs.AV1{}
		return codec, unpackAV1(dec, codec), err
	case *format.VP9:
		dec, err := f.CreateDecoder()
		codec := &codecs.VP9{}
		return codec, unpackVP9(dec, codec), err
	case *format.MPEG4Audio:
		dec, err := f.CreateDecoder()
		return &codecs.MPEG4Audio{Config: *f.Config}, unpackAAC(dec), err
	case *format.Opus:
		return &codecs.Opus{ChannelCount: f.ChannelCount}, func(pkt *rtp.Packet, ticks int64) ([]Unit, error) {
			return []Unit{{Payload: pkt.Payload, Ticks: ticks, DTS: ticks, Key: true}}, nil
		}, nil
	}
	return nil, nil, fmt.Errorf("unexpected format %T", f)
}

// partial says whether err only means that the unit is not whole yet, or that
// we joined in the middle of one.
func partial(err error) bool {
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

// one wraps the result of a decoder into at most one unit.
func one(payload []byte, ticks, dts int64, isKey bool) []Unit {
	return []Unit{{Payload: payload, Ticks: ticks, DTS: dts, Key: isKey}}
}

func unpackH264(dec *rtph264.Decoder, f *format.H264) unpacker {
	var dts *h264.DTSExtractor
	return func(pkt *rtp.Packet, ticks int64) ([]Unit, error) {
		au, err := dec.Decode(pkt)
		if err != nil {
			return nil, ignorePartial(err)
		}
		key := h264.IsRandomAccess(au)
		if dts == nil {
			if !key {
				return nil, nil
			}
			dts = &h264.DTSExtractor{}
			dts.Initialize()
		}
		withSets := au
		if key { // they may stand in the session description only
			withSets = append([][]byte{f.SPS, f.PPS}, au...)
		}
		at, err := dts.Extract(withSets, ticks)
		if err != nil {
			return nil, err
		}
		payload, err := h264.AVCC(au).Marshal()
		return one(payload, ticks, at, key), err
	}
}

func unpackH265(dec *rtph265.Decoder, f *format.H265) unpacker {
	var dts *h265.DTSExtractor
	return func(pkt *rtp.Packet, ticks int64) ([]Unit, error) {
		au, err := dec.Decode(pkt)
		if err != nil {
			return nil, ignorePartial(err)
		}
		key := h265.IsRandomAccess(au)
		if dts == nil {
			if !key {
				return nil, nil
			}
			dts = &h265.DTSExtractor{}
			dts.Initialize()
		}
		withSets := au
		if key { // they may stand in the session description only
			withSets = append([][]byte{f.VPS, f.SPS, f.PPS}, au...)
		}
		at, err := dts.Extract(withSets, ticks)
		if err != nil {
			return nil, err
		}
		payload, err := h264.AVCC(au).Marshal()
		return one(payload, ticks, at, key), err
	}
}

func unpackAV1(dec *rtpav1.Decoder, codec *codecs.AV1) unpacker {
	return func(pkt *rtp.Packet, ticks int64) ([]Unit, error) {
		unit, err := dec.Decode(pkt)
		if err != nil {
			return nil, ignorePartial(err)
		}
		key := av1.IsRandomAccess2(unit)
		if key && codec.SequenceHeader == nil {
			for _, obu := range unit {
				var h av1.OBUHeader
				if err := h.Unmarshal(obu); err == nil && h.Type == av1.OBUTypeSequenceHeader {
					codec.SequenceHeader = obu
				}
			}
		}
		payload, err := av1.Bitstream(unit).Marshal()
		return one(payload, ticks, ticks, key), err
	}
}

func unpackVP9(dec *rtpvp9.Decoder, codec *codecs.VP9) unpacker {
	return func(pkt *rtp.Packet, ticks int64) ([]Unit, error) {
		frame, err := dec.Decode(pkt)
		if err != nil {
			return nil, ignorePartial(err)
		}
		var h vp9.Header
		if err := h.Unmarshal(frame); err != nil {
			return nil, err
		}
		key := !h.NonKeyFrame && !h.ShowExistingFrame
		if key {
			*codec = codecs.VP9{
				Width: h.Width(), Height: h.Height(), Profile: h.Profile,
				BitDepth: h.ColorConfig.BitDepth, ChromaSubsampling: h.ChromaSubsampling(), ColorRange: h.ColorConfig.ColorRange,
			}
		}
		return one(frame, ticks, ticks, key), nil
	}
}

func unpackAAC(dec *rtpmpeg4audio.Decoder) unpacker {
	return func(pkt *rtp.Packet, ticks int64) ([]Unit, error) {
		aus, err := dec.Decode(pkt)
		if err != nil {
			return nil, ignorePartial(err)
		}
		var units []Unit
		for i, au := range aus {
			at := ticks + int64(i)*1024
			units = append(units, Unit{Payload: au, Ticks: at, DTS: at, Key: true})
		}
		return units, nil
	}
}

func ignorePartial(err error) error {
	if partial(err) {
		return nil
	}
	return err
}
