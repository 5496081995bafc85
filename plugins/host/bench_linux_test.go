package host_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge/liar"
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
	return time.Duration(u.Utime.Nano()+u.Stime.Nano()) + processTime(b, s.pid)
}

// processTime is the processor time that another process has used.
func processTime(b testing.TB, pid int) time.Duration {
	b.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|2, &ts); err != nil { // as clock_getcpuclockid(3) has it
		b.Fatal(err)
	}
	return time.Duration(ts.Nano())
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

// paced is one way by which BenchmarkPaced sends frames there and back.
type paced struct {
	name string
	send func(data []byte)
	end  func()
	cpu  func() time.Duration // of this process and the plugin

	took []time.Duration
	sent int
	used time.Duration
}

// throughTransport sends by a transport behind the bridge.
func throughTransport(b *testing.B, carriage string, came func(*paced, []byte)) *paced {
	s := newBench(b, carriage)
	w := &paced{name: carriage, end: func() { s.end(b) }, cpu: func() time.Duration { return s.cpu(b) }}
	s.frame = func(data []byte) { came(w, data) }
	to := []transport.LinkID{s.link}
	w.send = func(data []byte) { s.SendChunks([]transport.Frame{{Data: data, To: to, Token: 1}}) }
	return w
}

// throughPlain sends by a stream of gRPC as go-plugin and protoc make it. Its queue of a few frames drops what does not fit,
// as the bridge's does.
func throughPlain(b *testing.B, came func(*paced, []byte)) *paced {
	s := &bench{}
	var err error
	if s.host, err = host.New(host.Config{Dir: plugintest.Folder(b)}); err != nil {
		b.Fatal(err)
	}
	plugintest.Run(b, s.host)
	spec := host.Spec{Name: "mine", Path: plugintest.Self(b)[0], Args: []string{liarArgument, "echo"}}
	conn, pid, err := host.Connect(b.Context(), s.host, spec)
	if err != nil {
		b.Fatal(err)
	}
	s.pid = pid
	plain, err := liar.NewPlain(conn)
	if err != nil {
		b.Fatal(err)
	}
	w := &paced{name: "plain", cpu: func() time.Duration { return s.cpu(b) }}
	queue := make(chan []byte, 32) // 512 KiB, as the bridge's
	var both sync.WaitGroup
	both.Go(func() {
		for data := range queue {
			if plain.Send(data) != nil {
				return
			}
		}
	})
	both.Go(func() {
		for {
			data, err := plain.Receive()
			if err != nil {
				return
			}
			came(w, data)
		}
	})
	w.send = func(data []byte) {
		select {
		case queue <- data:
		default:
		}
	}
	w.end = func() {
		close(queue)
		plain.Close()
		both.Wait()
	}
	return w
}

// slot is for how long one way is measured before the next has its turn, so that what else the machine does is shared.
const slot = 500 * time.Millisecond

// BenchmarkPaced sends 16 KB frames to a plugin process and back at 500 Mb/s, and measures how long each takes: by the data
// channel, by the bridge's gRPC stream, and by a plain one, in turn. What the processes cannot keep up with is lost, and counted.
func BenchmarkPaced(b *testing.B) {
	defer ballast()()
	const size, rate = 16 << 10, 500e6 / 8
	every := time.Duration(float64(size) / rate * 1e9)
	began := time.Now()
	came := func(w *paced, data []byte) {
		w.took = append(w.took, time.Since(began)-time.Duration(binary.BigEndian.Uint64(data)))
	}
	ways := []*paced{throughTransport(b, "data", came), throughTransport(b, "grpc", came), throughPlain(b, came)}
	frames := make([][]byte, 1024) // more than are ever under way
	for i := range frames {
		frames[i] = make([]byte, size)
	}
	b.ResetTimer()
	for n := 0; n < b.N; n = ways[0].sent {
		for _, w := range ways {
			before, first := w.cpu(), time.Since(began)
			for i := range min(int(slot/every), b.N-w.sent) {
				if d := first + time.Duration(i)*every - time.Since(began); d > time.Millisecond {
					timer := time.NewTimer(d)
					<-timer.C
				}
				data := frames[w.sent%len(frames)]
				binary.BigEndian.PutUint64(data, uint64(time.Since(began)))
				w.send(data)
				w.sent++
			}
			idle := time.NewTimer(50 * time.Millisecond) // for what is under way
			<-idle.C
			w.used += w.cpu() - before
		}
	}
	b.StopTimer()
	cpu, top := map[string]float64{}, map[string]float64{}
	for _, w := range ways {
		w.end()
		slices.Sort(w.took)
		cpu[w.name] = w.used.Seconds() / (2 * float64(size) * float64(w.sent) / 1e9)
		top[w.name] = float64(w.took[len(w.took)*99/100].Microseconds())
		b.ReportMetric(cpu[w.name], w.name+"-cpu-s/GB")
		b.ReportMetric(float64(w.took[len(w.took)/2].Microseconds()), w.name+"-p50-us")
		b.ReportMetric(top[w.name], w.name+"-p99-us")
		b.ReportMetric(float64(w.sent-len(w.took))/float64(w.sent), w.name+"-lost")
	}
	for _, other := range []string{"grpc", "plain"} {
		b.ReportMetric(cpu["data"]/cpu[other], "cpu-of-"+other)
		b.ReportMetric(top["data"]/top[other], "p99-of-"+other)
	}
	b.ReportMetric(0, "ns/op") // it is what the pace makes it
}

// ballast gives this process a heap like that of a node, which holds some seconds of its streams: else garbage is collected
// forty times as often as there, and that is what is measured.
func ballast() func() {
	heap := make([]byte, 64<<20)
	return func() { runtime.KeepAlive(heap) }
}

// BenchmarkRoundTrip sends 1 KB to a plugin process and waits for it to come back, one at a time: by the data channel, by a gRPC
// stream and by a unary gRPC call in turn.
func BenchmarkRoundTrip(b *testing.B) {
	defer ballast()()
	data, grpc := newBench(b, "data"), newBench(b, "grpc")
	kilobyte := strings.Repeat("v", 1<<10)
	there := func(s *bench) func() {
		frames := []transport.Frame{{Data: make([]byte, 1<<10), To: []transport.LinkID{s.link}, Token: 1}}
		return func() {
			s.SendChunks(frames)
			<-s.back
		}
	}
	ways := []struct {
		name string
		call func()
		took []time.Duration
	}{
		{name: "data", call: there(data)},
		{name: "stream", call: there(grpc)},
		{name: "unary", call: func() {
			if err := host.Unary(data.host, kilobyte); err != nil {
				b.Fatal(err)
			}
		}},
	}
	b.ResetTimer()
	for n := 0; n < b.N; n += 100 {
		for i := range ways {
			w := &ways[i]
			for range 100 {
				began := time.Now()
				w.call()
				w.took = append(w.took, time.Since(began))
			}
		}
	}
	b.StopTimer()
	half := map[string]float64{}
	for _, w := range ways {
		slices.Sort(w.took)
		half[w.name] = float64(w.took[len(w.took)/2].Nanoseconds()) / 1000
		b.ReportMetric(half[w.name], w.name+"-p50-us")
		b.ReportMetric(float64(w.took[len(w.took)*99/100].Nanoseconds())/1000, w.name+"-p99-us")
	}
	b.ReportMetric(half["data"]/half["unary"], "p50-ratio")
	b.ReportMetric(0, "ns/op")
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
