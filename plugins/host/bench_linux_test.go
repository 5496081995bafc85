package host_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// bench is a transport in a real process whose link echoes.
type bench struct {
	transport.Transport
	host *host.Host
	pid  int
	link transport.LinkID
	back chan int // sizes of frames that came back
	up   chan transport.LinkID
	stop context.CancelFunc
	over chan error

	frame func(data []byte) // takes what comes back instead of back; set while nothing is under way
}

// end ends the transport.
func (s *bench) end(b *testing.B) {
	s.stop()
	if err := <-s.over; err != nil {
		b.Error(err)
	}
	s.over <- nil
}

func (s *bench) Listening([]swarm.Address) { s.up <- 0 }

func (s *bench) Received(frames []transport.Received) {
	for _, f := range frames {
		if s.frame != nil {
			s.frame(f.Data)
			continue
		}
		s.back <- len(f.Data)
	}
}

func (s *bench) Event(e transport.Event) {
	switch e := e.(type) {
	case transport.Up:
		s.up <- e.Link
	}
}

func newBench(b *testing.B, carriage string) *bench {
	b.Helper()
	h, err := host.New(host.Config{Self: plugintest.Self(b), Builtin: fixtures(), Dir: plugintest.Folder(b)})
	if err != nil {
		b.Fatal(err)
	}
	if carriage == "grpc" {
		host.OnlyGRPC(h)
	}
	plugintest.Run(b, h)
	s := &bench{host: h, back: make(chan int, 1<<16), up: make(chan transport.LinkID, 1)}
	if s.Transport, err = h.Transport(b.Context(), echoSpec(), transport.Config{Identity: make([]byte, 64)}); err != nil {
		b.Fatal(err)
	}
	s.pid = h.Plugins()[0].PIDs[0]
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.over = stop, make(chan error, 1)
	go func() { s.over <- s.Run(ctx, s) }()
	b.Cleanup(func() { s.end(b) })
	<-s.up
	if err := s.Dial(swarm.PeerID{1}, []swarm.Address{"echo:here"}); err != nil {
		b.Fatal(err)
	}
	s.link = <-s.up
	return s
}

// cpu is the processor time that this process and the plugin have used.
func (s *bench) cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	f := strings.Fields(string(rest))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	const tick = 10 * time.Millisecond
	return time.Duration(u.Utime.Nano()+u.Stime.Nano()) + time.Duration(user+system)*tick
}

// BenchmarkFrames sends frames to a plugin process and back, as fast as they go: each crosses the boundary twice.
func BenchmarkFrames(b *testing.B) {
	for _, carriage := range []string{"data", "grpc"} {
		for _, size := range []int{1 << 10, 16 << 10} {
			b.Run(fmt.Sprintf("%s/%dKB", carriage, size>>10), func(b *testing.B) {
				s := newBench(b, carriage)
				data, to := make([]byte, size), []transport.LinkID{s.link}
				const batch = 8
				window := min(256<<10/size, 128)
				frames := make([]transport.Frame, batch)
				for i := range frames {
					frames[i] = transport.Frame{Data: data, To: to, Token: 1}
				}
				b.SetBytes(2 * int64(size))
				b.ReportAllocs()
				b.ResetTimer()
				before := s.cpu(b)
				out := 0
				for sent, back := 0, 0; back < b.N; {
					for out+batch <= window && sent < b.N {
						n := min(batch, b.N-sent)
						s.SendChunks(frames[:n])
						sent, out = sent+n, out+n
					}
					<-s.back
					out--
					back++
				}
				b.StopTimer()
				gb := 2 * float64(size) * float64(b.N) / 1e9
				b.ReportMetric((s.cpu(b)-before).Seconds()/gb, "cpu-s/GB")
			})
		}
	}
}

// BenchmarkPaced sends 16 KB frames to a plugin process and back at 500 Mb/s, and measures how long each takes. What
// the processes cannot keep up with is lost, and counted.
func BenchmarkPaced(b *testing.B) {
	for _, carriage := range []string{"data", "grpc"} {
		b.Run(carriage, func(b *testing.B) {
			s := newBench(b, carriage)
			const size, rate = 16 << 10, 500e6 / 8
			every := time.Duration(float64(size) / rate * 1e9)
			to := []transport.LinkID{s.link}
			began := time.Now()
			took := make([]time.Duration, 0, b.N)
			s.frame = func(data []byte) {
				took = append(took, time.Since(began)-time.Duration(binary.BigEndian.Uint64(data)))
			}
			before := s.cpu(b)
			b.ResetTimer()
			first := time.Since(began)
			for i := range b.N {
				if d := first + time.Duration(i)*every - time.Since(began); d > time.Millisecond {
					timer := time.NewTimer(d)
					<-timer.C
				}
				data := make([]byte, size)
				binary.BigEndian.PutUint64(data, uint64(time.Since(began)))
				s.SendChunks([]transport.Frame{{Data: data, To: to, Token: 1}})
			}
			b.StopTimer()
			idle := time.NewTimer(500 * time.Millisecond) // for what is under way
			<-idle.C
			used := s.cpu(b) - before
			s.end(b)
			slices.Sort(took)
			b.ReportMetric(used.Seconds()/(2*float64(size)*float64(b.N)/1e9), "cpu-s/GB")
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
			b.ReportMetric(float64(b.N-len(took))/float64(b.N), "lost")
		})
	}
}

// BenchmarkRoundTrip sends 1 KB to a plugin process and waits for it to come back, one at a time.
func BenchmarkRoundTrip(b *testing.B) {
	for _, carriage := range []string{"data", "grpc"} {
		b.Run(carriage, func(b *testing.B) {
			s := newBench(b, carriage)
			frames := []transport.Frame{{Data: make([]byte, 1<<10), To: []transport.LinkID{s.link}, Token: 1}}
			took := make([]time.Duration, 0, b.N)
			b.ResetTimer()
			for range b.N {
				began := time.Now()
				s.SendChunks(frames)
				<-s.back
				took = append(took, time.Since(began))
			}
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "p50-us")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-us")
		})
	}
}

// BenchmarkStep asks a policy in a process, with a batch of 20 changes.
func BenchmarkStep(b *testing.B) {
	for _, carriage := range []string{"data", "grpc"} {
		b.Run(carriage, func(b *testing.B) {
			h, err := host.New(host.Config{Self: plugintest.Self(b), Builtin: fixtures(), Dir: plugintest.Folder(b)})
			if err != nil {
				b.Fatal(err)
			}
			if carriage == "grpc" {
				host.OnlyGRPC(h)
			}
			plugintest.Run(b, h)
			p, err := h.Policy(b.Context(), parrotSpec(), nil)
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			batch := &scheduler.Batch{}
			for i := range 20 {
				batch.Changes = append(batch.Changes, scheduler.LinkMeasured{Link: swarm.LinkID(i + 1), RTT: time.Millisecond, SentRate: 1e6})
			}
			b.ResetTimer()
			for i := range b.N {
				batch.Revision = uint64(i + 1)
				if a := p.Step(batch); len(a.Actions) != 1 {
					b.Fatal("no answer")
				}
			}
		})
	}
}

// BenchmarkStart starts a plugin process until it is ready.
func BenchmarkStart(b *testing.B) {
	h, err := host.New(host.Config{Self: plugintest.Self(b), Builtin: fixtures(), Dir: plugintest.Folder(b)})
	if err != nil {
		b.Fatal(err)
	}
	plugintest.Run(b, h)
	took := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for range b.N {
		began := time.Now()
		t, err := h.Transport(b.Context(), echoSpec(), transport.Config{Identity: make([]byte, 64)})
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		ctx, stop := context.WithCancel(b.Context())
		stop()
		if err := t.Run(ctx, newSink()); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Milliseconds()), "p95-ms")
}
