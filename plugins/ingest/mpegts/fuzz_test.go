package mpegts_test

import (
	"bytes"
	"io"
	"log/slog"
	"testing"
	"time"

	ts "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	tscodecs "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

// law is a sink that checks what must hold whatever comes.
type law struct {
	t      *testing.T
	epochs int
	first  bool
	last   time.Duration
}

func (l *law) Tracks(m ingest.Media) error {
	if len(m.Tracks) == 0 || len(m.Tracks) > chunk.MaxTracks || len(m.Init) > chunk.MaxInit {
		l.t.Errorf("%d tracks, an init segment of %d bytes", len(m.Tracks), len(m.Init))
	}
	l.epochs, l.first, l.last = l.epochs+1, true, 0
	return nil
}

func (l *law) Group(g chunk.Group) error {
	switch {
	case l.epochs == 0:
		l.t.Error("a group came before Tracks")
	case l.first && !g.RandomAccess:
		l.t.Error("the first group of an epoch is not a random-access one")
	case g.Time < l.last:
		l.t.Errorf("time goes back from %v to %v", l.last, g.Time)
	case len(g.Payload) > chunk.MaxGroupSize:
		l.t.Errorf("a group of %d bytes", len(g.Payload))
	}
	l.first, l.last = false, g.Time
	return nil
}

// pieces reads a recording in pieces of a size, as a socket gives it.
type pieces struct {
	io.Reader
	size int
}

func (p pieces) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(len(b), p.size)]) }

// FuzzRead: whatever comes, in whatever pieces, Read ends with it, and the sink gets what the contract says.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"h264-bframes-aac", "h265-aac", "h264-opus"} {
		b := &mpegtstest.Broadcast{Zero: 1<<33 - 9000, Silent: []mpegtstest.Track{{Codec: &tscodecs.KLV{}}}}
		whole := record(f, name, 150*time.Millisecond, b)
		f.Add(whole, 1316, false)
		f.Add(whole[100:], 61, true)
		f.Add(append(bytes.Clone(whole[:2000]), whole...), 188, true)
	}
	f.Add([]byte("G"), 1, false)
	f.Fuzz(func(t *testing.T, recording []byte, size int, drop bool) {
		if size < 1 || len(recording) > 1<<20 {
			return
		}
		s := mpegts.Stream{Name: "test", Timeout: time.Second, Log: slog.New(slog.DiscardHandler)}
		if drop {
			s.Unsupported = mpegts.Drop
		}
		if err := mpegts.Read(pieces{bytes.NewReader(recording), size}, s, &law{t: t}); err == nil {
			t.Error("Read has not said how it ended")
		}
	})
}

// BenchmarkBigUnit reads key frames of 1 MB, one after the other.
func BenchmarkBigUnit(b *testing.B) {
	recording := bigUnits(b)
	s := mpegts.Stream{Name: "test", Timeout: time.Second, Log: slog.New(slog.DiscardHandler)}
	b.SetBytes(int64(len(recording)))
	for b.Loop() {
		if err := mpegts.Read(bytes.NewReader(recording), s, mpegtstest.NewRecorder()); err == nil {
			b.Fatal("Read has not ended")
		}
	}
}

// bigUnits are ten pictures of 1 MB at which decoding can begin.
func bigUnits(tb testing.TB) []byte {
	tb.Helper()
	var b bytes.Buffer
	k := &ts.Track{Codec: &tscodecs.H264{}}
	w := &ts.Writer{W: &b, Tracks: []*ts.Track{k}}
	if err := w.Initialize(); err != nil {
		tb.Fatal(err)
	}
	c, err := clip.Open("h264-opus")
	if err != nil {
		tb.Fatal(err)
	}
	sets := c.Tracks[0].Codec.(*codecs.H264)
	picture := append([]byte{0x65, 0x88, 0x84}, bytes.Repeat([]byte{0x11}, 1<<20)...)
	for n := range int64(11) {
		if err := w.WriteH264(k, n*3000, n*3000, [][]byte{sets.SPS, sets.PPS, picture}); err != nil {
			tb.Fatal(err)
		}
	}
	return b.Bytes()
}
