package cmaf

import (
	"encoding/hex"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// Parameter sets of the bundled clips, as x264, x265 and SVT-AV1 wrote them.
const (
	sps640 = "674d401ed980a02ff970110000030001000003003c0f162e68"
	pps640 = "68e9732c80"
	sps320 = "674d400de8c0a0cfcf8088000003000800000301e078a148d0" // with B-frames
	pps320 = "68e97b2c80"
	vps265 = "40010c01ffff01600000030090000003000003003c968090"
	sps265 = "42010101600000030090000003000003003ca00a080b9f7965a924caf0168080000003008000000f04"
	pps265 = "4401c172b42240"
	av1Seq = "08000000043cfeccdaf90040" // without a size field
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err) // a constant above is wrong
	}
	return b
}

func h264Params() *codecs.H264 { return &codecs.H264{SPS: unhex(sps640), PPS: unhex(pps640)} }

func h265Params() *codecs.H265 {
	return &codecs.H265{VPS: unhex(vps265), SPS: unhex(sps265), PPS: unhex(pps265)}
}

func aacParams() *codecs.MPEG4Audio {
	return &codecs.MPEG4Audio{Config: mpeg4audio.AudioSpecificConfig{
		Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: 1, ChannelCount: 1,
	}}
}

func vp9Params() *codecs.VP9 {
	return &codecs.VP9{Width: 320, Height: 180, Profile: 0, BitDepth: 8, ChromaSubsampling: 1}
}

// testInit has one track of each codec.
func testInit(t testing.TB) *Init {
	t.Helper()
	in := &Init{}
	for i, p := range []struct {
		scale  uint32
		params codecs.Codec
	}{
		{90000, h264Params()},
		{48000, aacParams()},
		{90000, h265Params()},
		{90000, &codecs.AV1{SequenceHeader: unhex(av1Seq)}},
		{90000, vp9Params()},
		{48000, &codecs.Opus{ChannelCount: 2}},
	} {
		k, err := NewTrack(uint32(i+1), p.scale, p.params)
		if err != nil {
			t.Fatal(err)
		}
		in.Tracks = append(in.Tracks, k)
	}
	return in
}
