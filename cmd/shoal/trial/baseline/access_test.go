package baseline

import (
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/codecs/cmaf/rtptrack"
)

// TestKeyFramesOfEveryClipAreSeen packs the video of every bundled clip: a sample has such a packet if and only if the
// clip says that decoding can begin with it.
func TestKeyFramesOfEveryClipAreSeen(t *testing.T) {
	for _, name := range clip.Names() {
		t.Run(name, func(t *testing.T) {
			c, err := clip.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, track := range c.Tracks {
				if track.Codec.IsVideo() {
					checkAccess(t, track)
				}
			}
		})
	}
}

func checkAccess(t *testing.T, track clip.Track) {
	t.Helper()
	f := videoFormat(t, track.Codec)
	e, err := rtptrack.NewEncoder(f)
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	for i, s := range track.Samples {
		packets, err := e.Encode(units(t, track.Codec, s))
		if err != nil {
			t.Fatal(err)
		}
		seen := false
		for _, p := range packets {
			seen = seen || access(f, p.Payload)
		}
		if seen != s.Key {
			t.Fatalf("sample %d: access %v, the clip says %v", i, seen, s.Key)
		}
		if s.Key {
			keys++
		}
	}
	if keys == 0 || keys == len(track.Samples) {
		t.Errorf("%d key frames of %d tell nothing", keys, len(track.Samples))
	}
}

func videoFormat(t *testing.T, c codecs.Codec) format.Format {
	t.Helper()
	switch c := c.(type) {
	case *codecs.H264:
		return &format.H264{PayloadTyp: 96, SPS: c.SPS, PPS: c.PPS, PacketizationMode: 1}
	case *codecs.H265:
		return &format.H265{PayloadTyp: 96, VPS: c.VPS, SPS: c.SPS, PPS: c.PPS}
	case *codecs.AV1:
		return &format.AV1{PayloadTyp: 96}
	case *codecs.VP9:
		return &format.VP9{PayloadTyp: 96}
	}
	t.Fatalf("codec %T", c)
	return nil
}

// units splits a sample into what is packed; parameter sets come before a key frame, as cameras send them.
func units(t *testing.T, c codecs.Codec, s clip.Sample) [][]byte {
	t.Helper()
	data, err := s.Payload()
	if err != nil {
		t.Fatal(err)
	}
	switch c := c.(type) {
	case *codecs.AV1:
		var b av1.Bitstream
		if err := b.Unmarshal(data); err != nil {
			t.Fatal(err)
		}
		return b
	case *codecs.VP9:
		return [][]byte{data}
	case *codecs.H264:
		if s.Key {
			return append([][]byte{c.SPS, c.PPS}, nalus(t, data)...)
		}
	case *codecs.H265:
		if s.Key {
			return append([][]byte{c.VPS, c.SPS, c.PPS}, nalus(t, data)...)
		}
	}
	return nalus(t, data)
}

func nalus(t *testing.T, data []byte) [][]byte {
	t.Helper()
	var unit h264.AVCC
	if err := unit.Unmarshal(data); err != nil {
		t.Fatal(err)
	}
	return unit
}

func TestAggregatedUnitsAreSeen(t *testing.T) {
	for _, c := range []struct {
		name    string
		format  format.Format
		payload []byte
		want    bool
	}{
		{"STAP-A with an IDR last", &format.H264{}, []byte{24, 0, 2, 7, 1, 0, 2, 5, 1}, true},
		{"STAP-A with parameter sets", &format.H264{}, []byte{24, 0, 2, 7, 1, 0, 2, 8, 1}, false},
		{"STAP-A cut short", &format.H264{}, []byte{24, 0, 200, 7}, false},
		{"a later fragment of an IDR", &format.H264{}, []byte{28, 5, 1}, false},
		{"aggregation with a CRA last", &format.H265{}, []byte{48 << 1, 1, 0, 2, 32 << 1, 1, 0, 2, 21 << 1, 1}, true},
		{"aggregation of others", &format.H265{}, []byte{48 << 1, 1, 0, 2, 32 << 1, 1, 0, 2, 1 << 1, 1}, false},
		{"a later fragment of H.265", &format.H265{}, []byte{49 << 1, 1, 19, 1}, false},
		{"too short for anything", &format.H264{}, []byte{5}, false},
		{"a format without such pictures", &format.Opus{}, []byte{1, 2, 3}, true},
	} {
		if got := access(c.format, c.payload); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
