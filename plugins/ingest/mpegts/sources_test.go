package mpegts_test

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

// fails wants Run to end in an error of a kind that says something.
func fails(t *testing.T, done <-chan error, kind error, says string) {
	t.Helper()
	if err := ended(t, done); !errors.Is(err, kind) || !strings.Contains(err.Error(), says) {
		t.Errorf("Run returned %v, which does not say %q", err, says)
	}
}

func TestAPortInUseIsSaidWithTheWayOut(t *testing.T) {
	t.Parallel()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // nothing was sent
	_, done := run(t, ingest.Config{Source: "udp://" + c.LocalAddr().String()}, mpegtstest.NewRecorder())
	fails(t, done, ingest.ErrSource, c.LocalAddr().String()+" is in use by another program: stop that one, or give another port")
}

func TestOneSenderIsHeardAtATime(t *testing.T) {
	t.Parallel()
	at := mpegtstest.FreePort(t)
	var log logs
	r := mpegtstest.NewRecorder()
	end, _ := run(t, ingest.Config{Source: "udp://" + at, Log: log.logger()}, r)
	stop := mpegtstest.SendUDP(t, at, "h264-opus", &mpegtstest.Broadcast{})
	r.Wait(t, 1, 0)
	mpegtstest.SendUDP(t, at, "h264-480x270-aac", &mpegtstest.Broadcast{})
	epochs := r.Wait(t, 1, 700*time.Millisecond)
	epochs[0].Same(t, "h264-opus")
	log.wait(t, "a second sender is left out")
	stop()
	epochs = r.Wait(t, 2, 500*time.Millisecond)
	if err := end(); err != nil {
		t.Error(err)
	}
	epochs[1].Same(t, "h264-480x270-aac")
}

func TestAnotherSenderThanTheOneThatIsSetIsNotHeard(t *testing.T) {
	t.Parallel()
	at := mpegtstest.FreePort(t)
	mpegtstest.SendUDP(t, at, "h264-opus", &mpegtstest.Broadcast{})
	_, done := run(t, ingest.Config{Source: "udp://" + at + "?source=127.0.0.2", Params: impatient}, mpegtstest.NewRecorder())
	fails(t, done, ingest.ErrSource, "nothing came in 1s")
}

func TestAGroupIsJoined(t *testing.T) {
	t.Parallel()
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip("SKIPPED: there is no interface lo to send multicast on (run it on Linux)")
	}
	_, port, err := net.SplitHostPort(mpegtstest.FreePort(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, query := range map[string]string{"any sender": "", "one sender": "&source=127.0.0.1"} { // order-free: each has a group of its own
		t.Run(name, func(t *testing.T) {
			group := "239.77.1." + map[bool]string{true: "1", false: "2"}[query == ""] + ":" + port
			c, err := net.ListenPacket("udp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			p := ipv4.NewPacketConn(c)
			to, err := net.ResolveUDPAddr("udp4", group)
			if err == nil {
				err = errors.Join(p.SetMulticastInterface(lo), p.SetMulticastLoopback(true))
			}
			if err != nil {
				t.Skipf("SKIPPED: multicast cannot be sent here: %v", err)
			}
			mpegtstest.Send(t, sender{c, to}, "h264-opus", &mpegtstest.Broadcast{})
			r := mpegtstest.NewRecorder()
			end, _ := run(t, ingest.Config{Source: "udp://" + group + "?interface=lo" + query}, r)
			epochs := r.Wait(t, 1, 500*time.Millisecond)
			if err := end(); err != nil {
				t.Error(err)
			}
			epochs[0].Same(t, "h264-opus")
		})
	}
}

// sender sends everything to one address.
type sender struct {
	net.PacketConn
	to net.Addr
}

func (s sender) Write(b []byte) (int, error) { return s.WriteTo(b, s.to) }

func TestASocketComesAndGoesWithItsIngest(t *testing.T) {
	t.Parallel()
	at := socket(t)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: at, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := ingest.Config{Source: "unix://" + at, Params: impatient}
	_, done := run(t, cfg, mpegtstest.NewRecorder())
	fails(t, done, ingest.ErrSource, "another process listens on "+at)
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil { // as a crash leaves it
		t.Fatal(err)
	}
	r := mpegtstest.NewRecorder()
	end, _ := run(t, cfg, r)
	mpegtstest.Connect(t, at, "h264-opus", &mpegtstest.Broadcast{})
	epochs := r.Wait(t, 1, 500*time.Millisecond)
	if err := end(); err != nil {
		t.Error(err)
	}
	epochs[0].Same(t, "h264-opus")
	if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if err := os.WriteFile(at, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, done = run(t, cfg, mpegtstest.NewRecorder())
	fails(t, done, ingest.ErrSource, at+" is there already and is no socket")
}

func TestASocketHasOneWriterAtATime(t *testing.T) {
	t.Parallel()
	at := socket(t)
	var log logs
	r := mpegtstest.NewRecorder()
	end, _ := run(t, ingest.Config{Source: "unix://" + at, Log: log.logger()}, r)
	idle := dial(t, at)
	if err := idle.Close(); err != nil { // it has written nothing, so it does not count
		t.Fatal(err)
	}
	mpegtstest.Connect(t, at, "h264-opus", &mpegtstest.Broadcast{})
	r.Wait(t, 1, 0)
	second := dial(t, at)
	if err := second.SetReadDeadline(time.Now().Add(mpegtstest.Patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := second.Read(make([]byte, 1)); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a second writer was not refused: %v", err)
	}
	log.wait(t, "a second writer is refused")
	epochs := r.Wait(t, 1, 500*time.Millisecond)
	if err := end(); err != nil {
		t.Error(err)
	}
	epochs[0].Same(t, "h264-opus")
}

// dial connects to a socket once somebody listens there.
func dial(t *testing.T, at string) net.Conn {
	t.Helper()
	for deadline := time.Now().Add(mpegtstest.Patience); time.Now().Before(deadline); {
		if c, err := net.Dial("unix", at); err == nil {
			t.Cleanup(func() { _ = c.Close() }) // a second time
			return c
		}
	}
	t.Fatal("nobody listens")
	return nil
}

func TestASilentSocketIsGivenUp(t *testing.T) {
	t.Parallel()
	first, second := socket(t), socket(t)
	_, alone := run(t, ingest.Config{Source: "unix://" + first, Params: impatient}, mpegtstest.NewRecorder())
	_, silent := run(t, ingest.Config{Source: "unix://" + second, Params: impatient}, mpegtstest.NewRecorder())
	dial(t, second)
	fails(t, alone, ingest.ErrSource, "nobody wrote anything in 1s")
	fails(t, silent, ingest.ErrSource, "nothing came in 1s")
}

func TestBytesThatAreNoTransportStreamAreGivenUp(t *testing.T) {
	t.Parallel()
	at := mpegtstest.FreePort(t)
	_, done := run(t, ingest.Config{Source: "udp://" + at, Params: impatient}, mpegtstest.NewRecorder())
	c, err := net.Dial("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if !errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), "is it MPEG-TS") {
				t.Errorf("Run returned %v", err)
			}
			return
		case <-tick.C:
			_, _ = c.Write(make([]byte, 1316)) // nobody may be there yet
		}
	}
}

// logs keeps what is logged.
type logs struct{ lines chan string }

func (l *logs) logger() *slog.Logger {
	l.lines = make(chan string, 1000)
	return slog.New(slog.NewTextHandler(l, nil))
}

// Write implements io.Writer.
func (l *logs) Write(b []byte) (int, error) {
	select {
	case l.lines <- string(b):
	default: // nobody waits for so many
	}
	return len(b), nil
}

// wait returns once a line with text was logged.
func (l *logs) wait(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(mpegtstest.Patience)
	for {
		select {
		case line := <-l.lines:
			if strings.Contains(line, text) {
				return
			}
		case <-deadline:
			t.Fatalf("the log does not say %q", text)
		}
	}
}
