package hls_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/hls"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
)

const patience = rtsptest.Patience

// server runs a real MediaMTX that serves HLS until the test ends.
func server(t *testing.T, o tool.Options) *tool.Server {
	t.Helper()
	o.HLS = tool.On
	return rtsptest.Server(t, o)
}

// recorder is a sink that takes the fragments apart.
type recorder struct {
	t       testing.TB
	enough  time.Duration // of media in the last epoch, at which full is closed
	epochs  int           // that must have begun by then
	full    chan struct{}
	close   func()
	began   chan struct{} // closed at the first group
	begin   func()
	mu      sync.Mutex
	media   []ingest.Media
	unpack  *cmaf.Unpackager
	samples [][]cmaf.Sample // of the last epoch, by track
	groups  []chunk.Group
}

func newRecorder(t testing.TB, enough time.Duration) *recorder {
	full, began := make(chan struct{}), make(chan struct{})
	return &recorder{
		t: t, enough: enough, epochs: 1, full: full, close: sync.OnceFunc(func() { close(full) }),
		began: began, begin: sync.OnceFunc(func() { close(began) }),
	}
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
	r.unpack, r.samples, r.groups = cmaf.NewUnpackager(in), make([][]cmaf.Sample, len(in.Tracks)), nil
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
	r.begin()
	r.groups = append(r.groups, g)
	if g.Time >= r.enough && len(r.media) >= r.epochs {
		r.close()
	}
	return nil
}

// play runs the ingest until the sink has enough or Run ends, and answers it and its error.
func play(t testing.TB, cfg ingest.Config, r *recorder) (ingest.Ingest, error) {
	t.Helper()
	return begin(t, cfg, r)()
}

// begin is the first half of play; end is the second.
func begin(t testing.TB, cfg ingest.Config, r *recorder) (end func() (ingest.Ingest, error)) {
	t.Helper()
	in, err := hls.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		select {
		case <-r.full:
			cancel()
		case <-ctx.Done():
		}
	}()
	go func() { done <- in.Run(ctx, r) }()
	return func() (ingest.Ingest, error) {
		defer cancel()
		select {
		case err := <-done:
			return in, err
		case <-time.After(patience):
			cancel()
			return in, errors.Join(errors.New("Run did not end"), <-done)
		}
	}
}
