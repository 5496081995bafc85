package cmaf

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// codecString is the RFC 6381 name of a track, as Media Source Extensions and HLS take it. Parameters have been
// checked by NewTrack.
func codecString(params codecs.Codec) string {
	switch p := params.(type) {
	case *codecs.H264: // RFC 6381, 3.3: profile, constraints, level
		if len(p.SPS) < 4 {
			return "avc1"
		}
		return fmt.Sprintf("avc1.%02x%02x%02x", p.SPS[1], p.SPS[2], p.SPS[3])
	case *codecs.H265:
		return hevcString(p.SPS)
	case *codecs.AV1:
		return av1String(p.SequenceHeader)
	case *codecs.VP9: // level 1.0 is what the vpcC box says, too; players do not look at it
		return fmt.Sprintf("vp09.%02d.10.%02d", p.Profile, p.BitDepth)
	case *codecs.Opus:
		return "opus"
	case *codecs.MPEG4Audio:
		object := p.Config.Type
		if p.Config.ExtensionType != 0 {
			object = p.Config.ExtensionType
		}
		return "mp4a.40." + strconv.Itoa(int(object))
	}
	return ""
}

// hevcString follows ISO 14496-15, annex E.3, on the profile_tier_level of an SPS.
func hevcString(sps []byte) string {
	b := h264.EmulationPreventionRemove(sps)
	const ptl = 3 // after the NAL unit header and one byte of ids
	if len(b) < ptl+12 {
		return "hvc1"
	}
	space := [...]string{"", "A", "B", "C"}[b[ptl]>>6]
	tier := "L"
	if b[ptl]&0x20 != 0 {
		tier = "H"
	}
	compat := uint32(b[ptl+1])<<24 | uint32(b[ptl+2])<<16 | uint32(b[ptl+3])<<8 | uint32(b[ptl+4])
	var s strings.Builder
	fmt.Fprintf(&s, "hvc1.%s%d.%X.%s%d", space, b[ptl]&0x1f, bits.Reverse32(compat), tier, b[ptl+11])
	constraints := b[ptl+5 : ptl+11]
	for len(constraints) > 0 && constraints[len(constraints)-1] == 0 {
		constraints = constraints[:len(constraints)-1]
	}
	for _, c := range constraints {
		fmt.Fprintf(&s, ".%X", c)
	}
	return s.String()
}

// av1String follows the AV1 ISOBMFF binding, section 5, without the optional colour fields.
func av1String(header []byte) string {
	var sh av1.SequenceHeader
	if err := sh.Unmarshal(header); err != nil || len(sh.SeqLevelIdx) == 0 {
		return "av01"
	}
	tier := "M"
	if len(sh.SeqTier) > 0 && sh.SeqTier[0] {
		tier = "H"
	}
	return fmt.Sprintf("av01.%d.%02d%s.%02d", sh.SeqProfile, sh.SeqLevelIdx[0], tier, sh.ColorConfig.BitDepth)
}
