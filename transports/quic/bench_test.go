package quic

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// Both ends are in this process, so a figure is that of sending and receiving together.

func BenchmarkQUICDatagrams(b *testing.B) { benchmark(b, "datagram") }

func BenchmarkQUICStreams(b *testing.B) { benchmark(b, "stream") }

func BenchmarkQUICPackets(b *testing.B) { benchmark(b, "packet") }

// BenchmarkQUICBadNetwork tells what an impaired socket costs beside BenchmarkQUICPackets.
func BenchmarkQUICBadNetwork(b *testing.B) {
	for _, links := range []int{16, 100, 350} {
		b.Run(fmt.Sprintf("paced-1Mbps-links-%d", links), func(b *testing.B) {
			paced(b, map[string]string{"impair": "latency=40ms,sigma=0.5,jitter=2ms,loss=1%"}, links)
		})
	}
}

func benchmark(b *testing.B, chunks string) {
	b.Run("unpaced", func(b *testing.B) { unpaced(b, with(chunks)) })
	for _, links := range []int{16, 100, 350} {
		b.Run(fmt.Sprintf("paced-1Mbps-links-%d", links), func(b *testing.B) { paced(b, with(chunks), links) })
	}
}

const benchFrame = 1090 // bytes

// counter counts what arrives and lets a sender wait for room.
type counter struct {
	up       chan transport.Up
	listen   chan []swarm.Address
	writable chan struct{}
	frames   atomic.Int64
	full     atomic.Int64
	sent     atomic.Uint64
}

func newCounter() *counter {
	return &counter{up: make(chan transport.Up, 1024), listen: make(chan []swarm.Address, 1), writable: make(chan struct{}, 1)}
}

func (c *counter) Listening(a []swarm.Address)          { c.listen <- a }
func (c *counter) Received(frames []transport.Received) { c.frames.Add(int64(len(frames))) }
func (c *counter) Event(e transport.Event) {
	switch e := e.(type) {
	case transport.Up:
		c.up <- e
	case transport.Full:
		c.full.Add(1)
	case transport.Writable:
		select {
		case c.writable <- struct{}{}:
		default:
		}
	case transport.Usage:
		c.sent.Store(e.Sent)
	}
}

// unpaced sends one link as much as it takes, b.N frames.
func unpaced(b *testing.B, params map[string]string) {
	from, to := benchNode(b, params), benchNode(b, params)
	id := from.dial(b, to)
	frame := []transport.Frame{{Data: make([]byte, benchFrame), To: []transport.LinkID{id}}}
	began := startMeter(b)
	taken := 0
	for taken < b.N {
		full := from.sink.full.Load()
		from.SendChunks(frame)
		if from.sink.full.Load() == full {
			taken++
			continue
		}
		<-from.sink.writable
	}
	began.stop(b, settle([]*benched{to}), int64(taken))
}

// paced sends links 1 Mb/s each, for b.N rounds of one frame each.
func paced(b *testing.B, params map[string]string, links int) {
	from := benchNode(b, params)
	to := make([]*benched, 0, links)
	ids := make([]transport.LinkID, 0, links)
	for range links {
		p := benchNode(b, params)
		to, ids = append(to, p), append(ids, from.dial(b, p))
	}
	frame := make([]byte, benchFrame)
	every := time.Duration(float64(benchFrame*8) / 1e6 * float64(time.Second))
	const slices = 8 // a round is spread out, as a node's pacing does
	ticker := time.NewTicker(every / slices)
	defer ticker.Stop()
	began := startMeter(b)
	for i := range b.N * slices {
		<-ticker.C
		part := i % slices
		from.SendChunks([]transport.Frame{{Data: frame, To: ids[part*links/slices : (part+1)*links/slices]}})
	}
	began.stop(b, settle(to), int64(b.N*links))
	b.ReportMetric(float64(from.sink.full.Load())/float64(b.N*links), "full/frame")
	b.ReportMetric(float64(from.live.Load().socket.sent.Load())/float64(b.N*links)-benchFrame, "overhead-B/frame")
}

// meter measures the CPU time of the whole process.
type meter struct {
	cpu   time.Duration
	began time.Time
}

func startMeter(b *testing.B) meter {
	runtime.GC()
	b.ResetTimer()
	return meter{cpu: cpuTime(b), began: time.Now()}
}

func (m meter) stop(b *testing.B, arrived, sent int64) {
	cpu, wall := cpuTime(b)-m.cpu, time.Since(m.began)
	b.StopTimer()
	gigabytes := float64(arrived) * benchFrame / 1e9
	b.ReportMetric(cpu.Seconds()/gigabytes, "cpu-s/GB")
	b.ReportMetric(gigabytes*1e3/wall.Seconds(), "MB/s")
	b.ReportMetric(100*(1-float64(arrived)/float64(sent)), "lost-%")
	b.ReportMetric(100*cpu.Seconds()/wall.Seconds(), "cpu-%")
}

// benched is a running transport with a counter.
type benched struct {
	*Transport
	sink   *counter
	listen []swarm.Address
}

func benchNode(b *testing.B, params map[string]string) *benched {
	b.Helper()
	c := newCounter()
	q := runBench(b, params, c)
	return &benched{Transport: q, sink: c, listen: <-c.listen}
}

func (n *benched) dial(b *testing.B, to *benched) transport.LinkID {
	b.Helper()
	if err := n.Dial(to.identity.id, to.listen); err != nil {
		b.Fatal(err)
	}
	up := <-n.sink.up
	<-to.sink.up
	return up.Link
}

// settle waits until nothing more arrives, and answers how many frames have.
func settle(to []*benched) int64 {
	for last := int64(-1); ; {
		var got int64
		for _, n := range to {
			got += n.sink.frames.Load()
		}
		if got == last {
			return got
		}
		last = got
		<-time.After(30 * time.Millisecond)
	}
}

// runBench runs a transport on loopback until the benchmark ends.
func runBench(b *testing.B, params map[string]string, sink transport.Sink) *Transport {
	b.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	q, err := New(transport.Config{Identity: key, Listen: "127.0.0.1:0", Params: params})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx, sink) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Errorf("Run: %v", err)
		}
	})
	return q
}

// BenchmarkLinkMemory tells what one end of an idle link holds.
func BenchmarkLinkMemory(b *testing.B) {
	const links = 200
	for b.Loop() {
		from, to := benchNode(b, with("packet")), benchNode(b, with("packet"))
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		routines := runtime.NumGoroutine()
		for range links {
			from.dial(b, to)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(2*links), "heap-B/end")
		b.ReportMetric(float64(after.StackInuse-before.StackInuse)/(2*links), "stack-B/end")
		b.ReportMetric(float64(runtime.NumGoroutine()-routines)/(2*links), "goroutines/end")
	}
}
