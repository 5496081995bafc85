package rtptrack

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/ingest"
)

// unit is one access unit of about so many bytes, as its codec has them.
func unit(rnd *rand.Rand, first []byte, bytes int) []byte {
	b := append([]byte(nil), first...)
	for len(b) < bytes {
		b = append(b, byte(1+rnd.IntN(255)))
	}
	return b
}

func TestUnitsComeThroughPackets(t *testing.T) {
	const seed = 11
	rnd := rand.New(rand.NewPCG(seed, seed))
	aac := &codecs.MPEG4Audio{Config: mpeg4audio.AudioSpecificConfig{
		Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: 2, ChannelCount: 2,
	}}
	for _, c := range []struct {
		name   string
		params codecs.Codec
		units  [][]byte
	}{
		{"H.264", &codecs.H264{SPS: []byte{0x67, 1}, PPS: []byte{0x68, 2}}, [][]byte{{0x67, 1}, {0x68, 2}, unit(rnd, []byte{0x65}, 9000)}},
		{"H.265", &codecs.H265{VPS: []byte{0x40, 1}, SPS: []byte{0x42, 1}, PPS: []byte{0x44, 1}}, [][]byte{{0x40, 1, 2}, unit(rnd, []byte{0x26, 1}, 9000)}},
		{"AV1", &codecs.AV1{}, [][]byte{{0x08, 0, 0}, unit(rnd, []byte{0x30}, 9000)}},
		{"VP9", &codecs.VP9{}, [][]byte{unit(rnd, []byte{0x82, 0x49, 0x83, 0x42, 0, 0x13, 0xf0, 0x0b, 0x30}, 9000)}},
		{"Opus", &codecs.Opus{ChannelCount: 2}, [][]byte{unit(rnd, []byte{0xfc}, 300)}},
		{"MPEG-4 audio", aac, [][]byte{unit(rnd, nil, 300), unit(rnd, nil, 200)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := &cmaf.Track{Params: c.params}
			f, err := Format(k, 96)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := Params(f); err != nil || c.name != "VP9" && !reflect.DeepEqual(back, c.params) {
				t.Errorf("params came back as %+v, %v", back, err)
			}
			e, err := NewEncoder(f)
			if err != nil {
				t.Fatal(err)
			}
			d, err := NewDecoder(f)
			if err != nil {
				t.Fatal(err)
			}
			packets, err := e.Encode(c.units)
			if err != nil {
				t.Fatal(err)
			}
			var got [][]byte
			for _, p := range packets {
				if len(p.Payload) > MaxPayload {
					t.Errorf("a payload of %d bytes", len(p.Payload))
				}
				units, err := d.Decode(p)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, units...)
			}
			if !slices.EqualFunc(got, c.units, bytes.Equal) {
				t.Errorf("seed %d: %d units came back as %d", seed, len(c.units), len(got))
			}
		})
	}
}

func TestWhatIsNotCarriedIsRefusedByName(t *testing.T) {
	for name, f := range map[string]format.Format{ // order-free: subtests do not touch one another
		"G711":         &format.G711{},
		"LPCM":         &format.LPCM{},
		"AC-3":         &format.AC3{},
		"VP8":          &format.VP8{},
		"M-JPEG":       &format.MJPEG{},
		"MPEG-1/2 Aud": &format.MPEG1Audio{},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Params(f)
			_, decoder := NewDecoder(f)
			_, encoder := NewEncoder(f)
			for _, err := range []error{err, decoder, encoder} {
				if !errors.Is(err, ingest.ErrCodec) || !bytes.Contains([]byte(err.Error()), []byte(name)) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	if _, err := Format(&cmaf.Track{Params: &codecs.LPCM{}}, 96); !errors.Is(err, ingest.ErrCodec) {
		t.Errorf("got %v", err)
	}
	if _, err := Params(&format.Opus{ChannelCount: 6}); !errors.Is(err, ingest.ErrCodec) {
		t.Errorf("got %v", err)
	}
}
