//go:build unix

package tool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
)

// startServer runs the real MediaMTX, building it first if need be.
func startServer(t *testing.T, o Options) *Server {
	t.Helper()
	o.Dir, o.Progress = t.TempDir(), os.Stderr
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func TestServerAnswersOnceStarted(t *testing.T) {
	s := startServer(t, Options{})
	if list, err := s.Paths(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("Paths() = %v, %v, want none", list, err)
	}
	if got := describe(t, s.RTSPURL("nobody"), ""); got != base.StatusNotFound {
		t.Errorf("DESCRIBE of a path that nobody publishes: %d, want 404", got)
	}
	log, err := os.ReadFile(s.LogPath())
	if err != nil || !strings.Contains(string(log), "MediaMTX "+Version) {
		t.Errorf("the log does not begin with MediaMTX %s: %v\n%s", Version, err, log)
	}
}

func TestServersSideBySideDoNotCollide(t *testing.T) {
	a, b := startServer(t, Options{}), startServer(t, Options{})
	if a.RTSPURL("x") == b.RTSPURL("x") || a.APIURL() == b.APIURL() {
		t.Errorf("two servers share a port: %s %s", a.RTSPURL("x"), b.RTSPURL("x"))
	}
}

func TestStopLeavesNoProcessAndRestartKeepsThePorts(t *testing.T) {
	s := startServer(t, Options{})
	url, pid := s.RTSPURL("x"), s.PID()
	s.Stop()
	s.Stop() // a second time does nothing
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d after Stop: %v, want no such process", pid, err)
	}
	if _, err := s.Paths(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("Paths() after Stop: %v, want ErrStopped", err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Paths(t.Context()); err != nil {
		t.Errorf("Paths() after Restart: %v", err)
	}
	if s.RTSPURL("x") != url || s.PID() == pid {
		t.Errorf("after Restart: %s, pid %d, want the same port and a new process", s.RTSPURL("x"), s.PID())
	}
}

func TestKillIsSeenOnExited(t *testing.T) {
	s := startServer(t, Options{})
	exited := s.Exited()
	s.Kill()
	select {
	case <-exited:
	default:
		t.Error("Exited is open although Kill has returned")
	}
}

func TestPathThatAnonymousReadersMayNotRead(t *testing.T) {
	s := startServer(t, Options{Auth: ReadableOnly("open", "~^pub")})
	for _, c := range []struct {
		path, login string
		want        base.StatusCode
	}{
		{"open", "", base.StatusNotFound}, // allowed, nobody publishes
		{"public", "", base.StatusNotFound},
		{"private", "", base.StatusUnauthorized},
		{"private", "reader:secret@", base.StatusNotFound},
	} {
		if got := describe(t, s.RTSPURL(c.path), c.login); got != c.want {
			t.Errorf("DESCRIBE %s as %q: %d, want %d", c.path, c.login, got, c.want)
		}
	}
}

func TestHLSAndWebRTCListenOnlyWhenAskedFor(t *testing.T) {
	plain := startServer(t, Options{})
	if plain.HLSURL("x") != "" || plain.WHEPURL("x") != "" {
		t.Errorf("URLs %q %q of listeners that are off", plain.HLSURL("x"), plain.WHEPURL("x"))
	}
	s := startServer(t, Options{HLS: On, WebRTC: On})
	for _, port := range []int{s.ports.hls, s.ports.webrtc} {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Errorf("a listener that is on: %v", err)
			continue
		}
		_ = c.Close()
	}
}

func TestStartReportsWhatMediaMTXSays(t *testing.T) {
	_, err := Start(t.Context(), Options{Dir: t.TempDir(), Extra: "noSuchKey: 1"})
	wantError(t, err, ErrExited, "noSuchKey", logName)
}

func TestStartRefusesNoFolder(t *testing.T) {
	if _, err := Start(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "Options.Dir") {
		t.Errorf("Start() = %v, want the key that is missing", err)
	}
}

func TestWaitReadyEndsWithTheContext(t *testing.T) {
	s := startServer(t, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.WaitReady(ctx, "nobody")
	wantError(t, err, context.DeadlineExceeded, `path "nobody" is not ready`)
}

// TestServerDiesWithItsParent runs this test binary again as the parent, kills
// it, and looks for the orphan.
func TestServerDiesWithItsParent(t *testing.T) {
	if dir := os.Getenv("MEDIAMTX_TEST_PARENT"); dir != "" {
		s, err := Start(context.Background(), Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("pid %d\n", s.PID())
		select {} // until it is killed
	}
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: only Linux has a parent-death signal; run on Linux")
	}
	bin, err := Path(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(os.Args[0], "-test.run=^TestServerDiesWithItsParent$")
	parent.Env = append(os.Environ(), "MEDIAMTX_TEST_PARENT="+t.TempDir(), Env+"="+bin)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	_ = parent.Process.Kill()
	_ = parent.Wait() // it was killed
	pid, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "pid ")))
	if err != nil {
		t.Fatalf("the parent said %q", line)
	}
	for range 100 {
		if !alive(pid) {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	t.Errorf("MediaMTX %d outlived its killed parent by 2 s", pid)
}

// alive says whether pid runs; a zombie that nobody reaped yet does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// describe asks for path and returns the status.
func describe(t *testing.T, url, login string) base.StatusCode {
	t.Helper()
	u, err := base.ParseURL(strings.Replace(url, "rtsp://", "rtsp://"+login, 1))
	if err != nil {
		t.Fatal(err)
	}
	c := gortsplib.Client{Scheme: u.Scheme, Host: u.Host}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _, err = c.Describe(u)
	var bad liberrors.ErrClientBadStatusCode
	if errors.As(err, &bad) {
		return bad.Code
	}
	if err != nil {
		t.Fatal(err)
	}
	return base.StatusOK
}
