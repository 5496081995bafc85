package mediamtx_test

import (
	"context"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
)

const patience = rtsptest.Patience

// epoch is what a recorder got between two Tracks.
type epoch struct {
	media  ingest.Media
	groups []chunk.Group
	came   []time.Time
}

// recorder is a sink that keeps everything.
type recorder struct {
	mu     sync.Mutex
	epochs []epoch
	wake   chan struct{}
}

func newRecorder() *recorder { return &recorder{wake: make(chan struct{}, 1)} }

func (r *recorder) Tracks(m ingest.Media) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epochs = append(r.epochs, epoch{media: m})
	return nil
}

func (r *recorder) Group(g chunk.Group) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := &r.epochs[len(r.epochs)-1]
	e.groups, e.came = append(e.groups, g), append(e.came, time.Now())
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return nil
}

// wait returns once done, which is asked with the recorder locked.
func (r *recorder) wait(t *testing.T, what string, done func(epochs []epoch) bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		ok := done(r.epochs)
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-r.wake:
		case <-deadline.C:
			t.Fatalf("%s did not come in %v", what, patience)
		}
	}
}

// lasts tells that the last epoch holds d of media.
func lasts(n int, d time.Duration) func([]epoch) bool {
	return func(epochs []epoch) bool {
		if len(epochs) < n {
			return false
		}
		groups := epochs[len(epochs)-1].groups
		return len(groups) > 0 && groups[len(groups)-1].Time >= d
	}
}

// run starts an ingest; end stops it and gives Run's error.
func run(t *testing.T, factory ingest.Factory, cfg ingest.Config, sink ingest.Sink) (in ingest.Ingest, end func() error, done <-chan error) {
	t.Helper()
	in, err := factory(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- in.Run(ctx, sink) }()
	t.Cleanup(cancel)
	return in, func() error { cancel(); return <-ran }, ran
}

// ffmpeg is the path of ffmpeg; a test that needs it says loudly when it is not there.
func ffmpeg(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("SKIPPED: ffmpeg is not installed, so nothing decodes what was packaged (apt-get install ffmpeg)")
	}
	return path
}
