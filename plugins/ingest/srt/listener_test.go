package srt_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	gosrt "github.com/datarhei/gosrt"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

// called is what a listener answers to a caller, who is tried until it listens.
func called(t *testing.T, at, streamID, passphrase string) error {
	t.Helper()
	for deadline := time.Now().Add(mpegtstest.Patience); time.Now().Before(deadline); {
		c := gosrt.DefaultConfig()
		c.StreamId, c.Passphrase, c.ConnectionTimeout = streamID, passphrase, 300*time.Millisecond
		conn, err := gosrt.Dial("srt", at, c)
		if err == nil {
			_ = conn.Close() // it never fails
			return nil
		}
		if strings.Contains(err.Error(), "REJECT") {
			return err
		}
	}
	t.Fatal("nobody listens")
	return nil
}

func TestAListenerHasOnePublisherAtATime(t *testing.T) {
	t.Parallel()
	at := mpegtstest.FreePort(t)
	r := mpegtstest.NewRecorder()
	end, _ := run(t, ingest.Config{Source: "srt://" + at + "?mode=listener"}, r)
	mpegtstest.PublishSRT(t, at, "h264-opus", &mpegtstest.Broadcast{})
	r.Wait(t, 1, 0)
	if err := called(t, at, "", ""); err == nil {
		t.Error("a second publisher was let in")
	}
	epochs := r.Wait(t, 1, time.Second)
	if err := end(); err != nil {
		t.Error(err)
	}
	epochs[0].Same(t, "h264-opus")
}

func TestAListenerLetsInWhoKnowsStreamAndPassphrase(t *testing.T) {
	t.Parallel()
	at := mpegtstest.FreePort(t)
	var log lockedBuffer
	const secret, name = "a secret of ours", "publish:cam1:user:hunter2"
	_, done := run(t, ingest.Config{
		Source: "srt://" + at + "?mode=listener", Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Params: map[string]string{"streamid": name, "passphrase": secret},
	}, mpegtstest.NewRecorder())
	for what, c := range map[string]struct{ id, passphrase string }{ // order-free: all are refused
		"another stream": {"publish:cam2", secret}, "another passphrase": {name, "another passphrase"}, "no passphrase": {name, ""},
	} {
		if err := called(t, at, c.id, c.passphrase); err == nil {
			t.Errorf("%s was let in", what)
		}
	}
	if err := called(t, at, name, secret); err != nil {
		t.Errorf("the right one was refused: %v", err)
	}
	if err := ended(t, done); !errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), "the other side has left") {
		t.Errorf("Run returned %v", err)
	}
	if s := log.String(); strings.Count(s, "is refused") != 3 || strings.Contains(s, "hunter2") || strings.Contains(s, secret) {
		t.Errorf("the log says:\n%s", s)
	}
}

func TestAPortInUseIsSaidWithTheWayOut(t *testing.T) {
	t.Parallel()
	s := serve(t, "", plays("h264-opus", &mpegtstest.Broadcast{})) // gosrt allows others to share its port
	_, port, err := net.SplitHostPort(s.at)
	if err != nil {
		t.Fatal(err)
	}
	_, done := run(t, ingest.Config{Source: "srt://" + s.at + "?mode=listener"}, mpegtstest.NewRecorder())
	if err := ended(t, done); !errors.Is(err, ingest.ErrSource) ||
		!strings.Contains(err.Error(), "UDP port "+port+" is in use by another program") || !strings.Contains(err.Error(), "give another port") {
		t.Errorf("Run returned %v", err)
	}
}

func TestSilenceIsGivenUp(t *testing.T) {
	t.Parallel()
	impatient := map[string]string{"timeout": "1s"}
	at := mpegtstest.FreePort(t)
	_, nobody := run(t, ingest.Config{Source: "srt://" + at + "?mode=listener", Params: impatient}, mpegtstest.NewRecorder())
	mute := serve(t, "", func(ctx context.Context, _ gosrt.Conn) { <-ctx.Done() })
	_, silent := run(t, ingest.Config{Source: "srt://" + mute.at, Params: impatient}, mpegtstest.NewRecorder())
	if err := ended(t, nobody); !errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), "nobody called in 1s") {
		t.Errorf("Run returned %v", err)
	}
	if err := ended(t, silent); !errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), "nothing came in 1s") {
		t.Errorf("Run returned %v", err)
	}
}

// TestRefusalsLeaveNothingBehind runs alone, for it counts goroutines.
func TestRefusalsLeaveNothingBehind(t *testing.T) {
	s := serve(t, "the right passphrase", plays("h264-opus", &mpegtstest.Broadcast{}))
	before := runtime.NumGoroutine()
	for range 20 {
		_, done := run(t, ingest.Config{Source: "srt://" + s.at}, mpegtstest.NewRecorder())
		if err := ended(t, done); !errors.Is(err, ingest.ErrDenied) {
			t.Fatalf("Run returned %v", err)
		}
	}
	for deadline := time.Now().Add(mpegtstest.Patience); runtime.NumGoroutine() > before+2; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// lockedBuffer keeps what is logged.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
