package file

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/file/mp4"
)

// joined keeps what an ingest packages as one fragmented file.
type joined struct {
	bytes.Buffer
}

func (j *joined) Tracks(m ingest.Media) error {
	j.Write(m.Init)
	return nil
}

func (j *joined) Group(g chunk.Group) error {
	j.Write(g.Payload)
	return nil
}

// asFragments plays path once and writes down what comes.
func asFragments(t *testing.T, path string) string {
	t.Helper()
	var j joined
	synctest.Test(t, func(t *testing.T) {
		in, err := New(ingest.Config{Source: path, Params: map[string]string{"loop": "no"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Run(t.Context(), &j); !errors.Is(err, ingest.ErrSource) {
			t.Fatal(err)
		}
	})
	return written(t, "fragments.mp4", j.Bytes())
}

// opened reads the index of a file.
func opened(t testing.TB, path string) (*mp4.Movie, *os.File, int64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	m, err := mp4.Read(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return m, f, info.Size()
}

func TestAnEditListMovesAndCutsItsTrack(t *testing.T) {
	path := bundled(t, "h264-opus") // 5 s, a key frame a second, 30 pictures and 50 frames of sound a second
	for _, c := range []struct {
		name        string
		track       int
		edit        mp4.Edit // start in seconds here
		n           int
		first, last time.Duration // presentation of the first sample, end of the last
	}{
		{"none", 0, mp4.Edit{}, 150, 0, 5 * time.Second},
		{"a pause", 1, mp4.Edit{Delay: 500}, 250, 500 * time.Millisecond, 5500 * time.Millisecond},
		{"sound from its middle on", 1, mp4.Edit{Start: 2}, 150, 0, 3 * time.Second},
		{"video from a key frame on", 0, mp4.Edit{Start: 2}, 90, 0, 3 * time.Second},
		{"video from between key frames on", 0, mp4.Edit{Start: 1}, 120, 0, 4 * time.Second},
		{"an early end", 1, mp4.Edit{Span: 1000}, 50, 0, time.Second},
		{"a pause and an early end", 0, mp4.Edit{Delay: 1000, Span: 1000}, 30, time.Second, 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, f, size := opened(t, path)
			h := m.Tracks[c.track]
			own := h.Edit
			c.edit.Start *= h.Timescale
			c.edit.Start += own.Start
			if m.Timescale != 1000 {
				t.Fatalf("the movie counts %d ticks a second", m.Timescale)
			}
			h.Edit = c.edit
			codec, err := h.Codec()
			if err != nil {
				t.Fatal(err)
			}
			samples, err := m.Samples(h, f, size)
			if err != nil {
				t.Fatal(err)
			}
			k := newTrack(m, h, codec, samples)
			var came []mp4.Sample
			for {
				s, err := k.next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				came = append(came, s)
			}
			first, last := came[0], came[len(came)-1]
			if len(came) != c.n || k.duration(first.PTS) != c.first || k.duration(last.PTS+last.Duration) != c.last {
				t.Errorf("%d samples from %v to %v", len(came), k.duration(first.PTS), k.duration(last.PTS+last.Duration))
			}
		})
	}
}

// wrap is a box that holds children.
func wrap(name string, children ...[]byte) []byte {
	body := bytes.Join(children, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), name...), body...)
}

// long is a file of sound with n samples of 20 ms and 8 bytes, none of which is written.
func long(t *testing.T, n uint32) string {
	t.Helper()
	clip, err := os.ReadFile(bundled(t, "h264-opus"))
	if err != nil {
		t.Fatal(err)
	}
	stsd := clip[bytes.LastIndex(clip, []byte("stsd"))-4:] // of the sound
	stsd = stsd[:binary.BigEndian.Uint32(stsd)]
	u32 := func(v ...uint32) []byte {
		var b []byte
		for _, x := range v {
			b = binary.BigEndian.AppendUint32(b, x)
		}
		return b
	}
	var sizes, offsets []uint32
	for i := range n {
		sizes = append(sizes, 8)
		if i%50 == 0 {
			offsets = append(offsets, i*8+8)
		}
	}
	head := func(v ...uint32) []byte { return u32(append([]uint32{0}, v...)...) }
	stbl := wrap("stbl", stsd, wrap("stts", head(1, n, 960)), wrap("stsc", head(1, 1, 50, 1)),
		wrap("stsz", head(0, n), u32(sizes...)), wrap("stco", head(uint32(len(offsets))), u32(offsets...)))
	mdia := wrap("mdia", wrap("mdhd", head(0, 0, 48000, 0, 0)), wrap("hdlr", head(0), []byte("soun"), make([]byte, 13)), wrap("minf", stbl))
	moov := wrap("moov", wrap("mvhd", head(0, 0, 1000), make([]byte, 84)), wrap("trak", wrap("tkhd", head(0, 0, 1), make([]byte, 68)), mdia))
	path := written(t, "long.mp4", u32(8+n*8, 0x6d646174))
	if err := os.Truncate(path, int64(8+n*8)); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(moov); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTenHoursCostNoMoreMemoryThanAMinute(t *testing.T) {
	for _, n := range []uint32{3000, 1_800_000} {
		path := long(t, n)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		i, err := New(ingest.Config{Source: path})
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		r, err := i.(*Ingest).open(context.Background(), f, info.Size(), &joined{})
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 200<<10 {
			t.Errorf("%v of sound cost %d bytes", r.length, got)
		}
		if r.length != time.Duration(n)*20*time.Millisecond {
			t.Errorf("it lasts %v", r.length)
		}
		t.Logf("%v: opened in %v, %d bytes allocated", r.length, took, after.TotalAlloc-before.TotalAlloc)
	}
}
