package file

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

// bundled writes a bundled clip to a file of the test's.
func bundled(t testing.TB, name string) string {
	t.Helper()
	b, err := clip.Bytes(name)
	if err != nil {
		t.Fatal(err)
	}
	return written(t, name+".mp4", b)
}

func written(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// film writes an MP4 of one track of so many samples of 20 ms.
func film(t testing.TB, codec codecs.Codec, n int, sample pmp4.Sample) string {
	t.Helper()
	k := &pmp4.Track{ID: 1, TimeScale: 48000, Codec: codec}
	for range n {
		s := sample
		s.Duration, s.PayloadSize = 960, 8
		s.GetPayload = func() ([]byte, error) { return []byte{0, 0, 0, 4, 0x41, 1, 2, 3}, nil }
		k.Samples = append(k.Samples, &s)
	}
	var b bytes.Buffer
	if err := (pmp4.Presentation{Tracks: []*pmp4.Track{k}}).Marshal(&b); err != nil {
		t.Fatal(err)
	}
	return written(t, "film.mp4", b.Bytes())
}

// recorder is a sink that takes the fragments apart.
type recorder struct {
	t       testing.TB
	enough  time.Duration // of media, at which full is closed
	full    chan struct{}
	close   func()
	mu      sync.Mutex
	media   []ingest.Media
	unpack  *cmaf.Unpackager
	samples [][]cmaf.Sample // by track
	groups  []chunk.Group
}

func newRecorder(t testing.TB, enough time.Duration) *recorder {
	full := make(chan struct{})
	return &recorder{t: t, enough: enough, full: full, close: sync.OnceFunc(func() { close(full) })}
}

func (r *recorder) Tracks(m ingest.Media) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	in, err := cmaf.ParseInit(m.Init)
	if err != nil {
		r.t.Error(err)
		return err
	}
	r.media = append(r.media, m)
	r.unpack, r.samples = cmaf.NewUnpackager(in), make([][]cmaf.Sample, len(in.Tracks))
	return nil
}

func (r *recorder) Group(g chunk.Group) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	samples, err := r.unpack.Parse(nil, g.Payload)
	if err != nil {
		r.t.Error(err)
		return err
	}
	for _, s := range samples {
		r.samples[s.Track] = append(r.samples[s.Track], s)
	}
	g.Payload = nil
	r.groups = append(r.groups, g)
	if g.Time >= r.enough {
		r.close()
	}
	return nil
}

// play runs the ingest until the sink has enough or Run ends, and answers its error.
func play(t testing.TB, cfg ingest.Config, r *recorder) error {
	t.Helper()
	in, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx, r) }()
	select {
	case err := <-done:
		return err
	case <-r.full:
		cancel()
		return <-done
	}
}

// ffmpeg makes a file out of another; a test that needs it says loudly when it is not there.
func ffmpeg(t testing.TB, from string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("SKIPPED: ffmpeg is not installed, so nothing makes files of this kind (apt-get install ffmpeg)")
	}
	to := filepath.Join(t.TempDir(), "made.mp4")
	cmd := exec.CommandContext(t.Context(), path, append(append([]string{"-v", "error", "-i", from}, args...), to)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return to
}
