package cmaf

import (
	"bytes"
	"errors"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

func TestInitComesBackFromItsBytes(t *testing.T) {
	in := testInit(t)
	b, err := in.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseInit(b)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range in.Describe() {
		if back.Tracks[i].Track != k {
			t.Errorf("track %d came back as %+v, was %+v", i, back.Tracks[i].Track, k)
		}
	}
	again, err := back.Marshal()
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("the parsed init segment does not marshal to the same bytes: %v", err)
	}
}

func TestTrackSaysItsCodecAsPlayersTakeIt(t *testing.T) {
	want := []string{"avc1.4d401e", "mp4a.40.2", "hvc1.1.6.L60.90", "av01.0.00M.08", "vp09.00.10.08", "opus"}
	size := [][2]uint16{{640, 360}, {0, 0}, {320, 180}, {320, 180}, {320, 180}, {0, 0}}
	for i, k := range testInit(t).Describe() {
		if k.Codec != want[i] {
			t.Errorf("track %d is %q, want %q", i, k.Codec, want[i])
		}
		if k.Width != size[i][0] || k.Height != size[i][1] {
			t.Errorf("track %d is %d x %d, want %v", i, k.Width, k.Height, size[i])
		}
	}
}

func TestTrackRefusesWhatCannotBeCarried(t *testing.T) {
	for name, params := range map[string]codecs.Codec{ // order-free: subtests do not touch one another
		"LPCM":                    &codecs.LPCM{BitDepth: 16, SampleRate: 48000, ChannelCount: 2},
		"MPEG-1 audio":            &codecs.MPEG1Audio{SampleRate: 48000, ChannelCount: 2},
		"AC-3":                    &codecs.AC3{SampleRate: 48000, ChannelCount: 6},
		"Motion JPEG":             &codecs.MJPEG{Width: 640, Height: 480},
		"H.264 without SPS":       &codecs.H264{},
		"H.264 with one byte SPS": &codecs.H264{SPS: []byte{0x67}, PPS: []byte{0x68}},
		"H.265 without VPS":       &codecs.H265{SPS: unhex(sps265), PPS: unhex(pps265)},
		"AV1 without header":      &codecs.AV1{},
		"VP9 without size":        &codecs.VP9{},
		"nothing":                 nil,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewTrack(1, 90000, params); !errors.Is(err, ingest.ErrCodec) {
				t.Errorf("got %v, want ErrCodec", err)
			}
		})
	}
}

func TestParseInitRefuses(t *testing.T) {
	good, err := testInit(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	userData := bytes.Clone(good)
	copy(userData[bytes.Index(userData, []byte("mvex")):], "udta")
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{ // order-free: subtests do not touch one another
		"nothing":              {nil, chunk.ErrFormat},
		"half of it":           {good[:len(good)/2], chunk.ErrFormat},
		"user data":            {userData, chunk.ErrFormat},
		"more than is allowed": {make([]byte, chunk.MaxInit+1), chunk.ErrLimit},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseInit(c.b); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// The law: what parses marshals to bytes that parse to the same tracks.
func FuzzParseInit(f *testing.F) {
	good, err := testInit(f).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := ParseInit(b)
		if err != nil {
			return
		}
		out, err := in.Marshal()
		if err != nil {
			return // parameters that can be read but not written: nothing to compare
		}
		back, err := ParseInit(out)
		if err != nil {
			t.Fatalf("what Marshal wrote does not parse: %v", err)
		}
		for i := range in.Tracks {
			if in.Tracks[i].ID != back.Tracks[i].ID || in.Tracks[i].Timescale != back.Tracks[i].Timescale {
				t.Errorf("track %d came back as %+v, was %+v", i, back.Tracks[i].Track, in.Tracks[i].Track)
			}
		}
	})
}
