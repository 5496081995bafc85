package cmaf

import (
	"bytes"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// nalPicture is what H.264 and H.265 have in common: pictures of NAL units, parameter sets in-band or announced.
type nalPicture struct {
	least int                    // bytes of a NAL unit's header
	class func(nal []byte) class // of a NAL unit
	sets  [3][]byte              // newest VPS, SPS and PPS; the first is not used by H.264
	need  []int                  // sets that a decoder needs, in the order in which they are written
	build func(sets [3][]byte) codecs.Codec
	order interface {
		Extract(au [][]byte, pts int64) (int64, error)
	}
	fresh func(*nalPicture) // a new order
	units [][]byte
}

// class says what the packager does with a NAL unit.
type class uint8

const (
	slice   class = iota // part of a picture
	key                  // part of a picture at which decoding can begin
	other                // carried as it is
	useless              // delimiters and filler
	vps                  // parameter sets, in the order of nalPicture.sets
	sps
	pps
)

func (v *nalPicture) read(data [][]byte) (units [][]byte, access bool) {
	v.units = v.units[:0]
	var found [3][]byte
	shown := false
	for _, n := range data {
		if len(n) < v.least {
			continue
		}
		c := v.class(n)
		switch c {
		case useless:
			continue
		case vps, sps, pps:
			if found[c-vps] == nil {
				found[c-vps] = n
			}
		case key:
			access, shown = true, true
		case slice:
			shown = true
		case other:
		}
		v.units = append(v.units, n)
	}
	if access || !shown {
		for i, s := range found {
			if s != nil && !bytes.Equal(s, v.sets[i]) {
				v.sets[i] = bytes.Clone(s)
			}
		}
	}
	if !shown {
		return nil, false
	}
	if access {
		v.complete(found)
	}
	return v.units, access
}

// complete puts the parameter sets that a picture of access comes without in front of it.
func (v *nalPicture) complete(found [3][]byte) {
	var front [][]byte
	for _, i := range v.need {
		if found[i] == nil && v.sets[i] != nil {
			front = append(front, v.sets[i])
		}
	}
	if len(front) > 0 {
		v.units = append(front, v.units...)
	}
}

func (v *nalPicture) params() codecs.Codec {
	for _, i := range v.need {
		if len(v.sets[i]) == 0 {
			return nil
		}
	}
	return v.build(v.sets)
}

func (v *nalPicture) reset() { v.fresh(v) }

func (v *nalPicture) decode(units [][]byte, pts int64) (int64, error) {
	return v.order.Extract(units, pts)
}

func (v *nalPicture) pack(units [][]byte) []byte { return packNALUs(units) }

func newH264(announced *codecs.H264) *nalPicture {
	v := &nalPicture{
		least: 1,
		sets:  [3][]byte{nil, announced.SPS, announced.PPS},
		need:  []int{1, 2},
		build: func(s [3][]byte) codecs.Codec { return &codecs.H264{SPS: s[1], PPS: s[2]} },
		fresh: func(v *nalPicture) {
			d := &h264.DTSExtractor{}
			d.Initialize()
			v.order = d
		},
		class: func(nal []byte) class {
			switch h264.NALUType(nal[0] & 0x1f) {
			case h264.NALUTypeIDR:
				return key
			case h264.NALUTypeNonIDR:
				return slice
			case h264.NALUTypeSPS:
				return sps
			case h264.NALUTypePPS:
				return pps
			case h264.NALUTypeAccessUnitDelimiter, h264.NALUTypeEndOfSequence, h264.NALUTypeEndOfStream, h264.NALUTypeFillerData:
				return useless
			}
			return other
		},
	}
	v.reset()
	return v
}

func newH265(announced *codecs.H265) *nalPicture {
	v := &nalPicture{
		least: 2,
		sets:  [3][]byte{announced.VPS, announced.SPS, announced.PPS},
		need:  []int{0, 1, 2},
		build: func(s [3][]byte) codecs.Codec { return &codecs.H265{VPS: s[0], SPS: s[1], PPS: s[2]} },
		fresh: func(v *nalPicture) {
			d := &h265.DTSExtractor{}
			d.Initialize()
			v.order = d
		},
		class: func(nal []byte) class {
			switch t := h265.NALUType(nal[0] >> 1 & 0x3f); {
			case t == h265.NALUType_IDR_W_RADL, t == h265.NALUType_IDR_N_LP, t == h265.NALUType_CRA_NUT:
				return key
			case t < 32:
				return slice
			case t == h265.NALUType_VPS_NUT:
				return vps
			case t == h265.NALUType_SPS_NUT:
				return sps
			case t == h265.NALUType_PPS_NUT:
				return pps
			case t >= h265.NALUType_AUD_NUT && t <= h265.NALUType_FD_NUT:
				return useless
			}
			return other
		},
	}
	v.reset()
	return v
}
