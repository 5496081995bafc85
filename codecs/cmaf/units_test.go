package cmaf

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/shoal-live/shoal/core/chunk"
)

func TestUnitsComeBackFromASample(t *testing.T) {
	u := NewUnpackager(testInit(t))
	nal := [][]byte{{0x67, 1, 2}, {0x65, 9, 9, 9}}
	obu := [][]byte{{0x08, 1, 2, 3}, {0x34, 0x28, 7, 7}, append([]byte{0x30}, make([]byte, 300)...)}
	for _, c := range []struct {
		name    string
		track   int
		payload []byte
		want    [][]byte
	}{
		{"H.264", 0, packNALUs(nal), nal},
		{"H.265", 2, packNALUs(nal), nal},
		{"AV1", 3, packOBUs(append([][]byte{{0x10}}, obu...)), obu},
		{"Opus", 5, []byte{1, 2, 3}, [][]byte{{1, 2, 3}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := u.Units(&Sample{Track: c.track, Payload: c.payload})
			if err != nil || !slices.EqualFunc(got, c.want, bytes.Equal) {
				t.Errorf("got %x, %v; want %x", got, err, c.want)
			}
		})
	}
}

func TestUnitsRefuse(t *testing.T) {
	u := NewUnpackager(testInit(t))
	for name, s := range map[string]Sample{ // order-free: subtests do not touch one another
		"a NAL unit cut off":      {Track: 0, Payload: []byte{0, 0, 0, 9, 1}},
		"half a length":           {Track: 0, Payload: []byte{0, 0}},
		"only empty NAL units":    {Track: 0, Payload: make([]byte, 8)},
		"an H.265 unit of a byte": {Track: 2, Payload: []byte{0, 0, 0, 1, 1}},
		"an OBU cut off":          {Track: 3, Payload: []byte{0x0a, 200}},
		"only a delimiter":        {Track: 3, Payload: []byte{0x12, 0}},
		"an empty frame":          {Track: 5},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := u.Units(&s); !errors.Is(err, chunk.ErrFormat) {
				t.Errorf("got %v, want ErrFormat", err)
			}
		})
	}
}

// The law: what obus reads, packOBUs writes so that it reads the same.
func FuzzOBUs(f *testing.F) {
	f.Add(packOBUs([][]byte{unhex(av1Seq)}))
	f.Add([]byte{0x12, 0x00, 0x0a, 0x01, 0x00, 0x34, 0x28, 7})
	f.Fuzz(func(t *testing.T, b []byte) {
		units, err := obus(b)
		if err != nil {
			return
		}
		again, err := obus(packOBUs(units))
		if err != nil || !slices.EqualFunc(units, again, bytes.Equal) {
			t.Errorf("%x came back as %x, %v", units, again, err)
		}
	})
}
