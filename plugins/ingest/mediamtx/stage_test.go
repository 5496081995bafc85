package mediamtx_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

const patience = 15 * time.Second

// server runs a real MediaMTX until the test ends.
func server(t *testing.T, o tool.Options) *tool.Server {
	t.Helper()
	o.Dir, o.Progress = t.TempDir(), os.Stderr
	s, err := tool.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// publish plays a bundled clip into path until stop is called or the test ends, and returns once it is ready.
func publish(t *testing.T, s *tool.Server, path, name string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- clip.Publish(ctx, s.RTSPURL(path), clip.Options{Name: name}) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, clip.ErrDisconnected) && !errors.Is(err, context.Canceled) {
			t.Errorf("publish %s: %v", name, err)
		}
	})
	t.Cleanup(stop)
	ready, cancelReady := context.WithTimeout(t.Context(), patience)
	defer cancelReady()
	if _, err := s.WaitReady(ready, path); err != nil {
		t.Fatal(err)
	}
	return stop
}

// recording is a session that a test feeds packet by packet.
type recording struct {
	client *gortsplib.Client
	medias []*description.Media
}

// record announces one track a format. The session ends with the test.
func record(t *testing.T, url string, formats ...format.Format) *recording {
	t.Helper()
	u, err := base.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	tcp := gortsplib.ProtocolTCP
	r := &recording{client: &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Protocol: &tcp}}
	session := &description.Session{}
	for _, f := range formats {
		m := &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{f}}
		if f.ClockRate() == 90000 {
			m.Type = description.MediaTypeVideo
		}
		session.Medias = append(session.Medias, m)
	}
	r.medias = session.Medias
	if err := r.client.StartRecording(url, session); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.client.Close)
	return r
}

func (r *recording) write(track int, packets []*rtp.Packet, pts uint32) error {
	for _, p := range packets {
		p.Timestamp += pts
		if err := r.client.WritePacketRTP(r.medias[track], p); err != nil {
			return err
		}
	}
	return nil
}

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
