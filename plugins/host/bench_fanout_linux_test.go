package host_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// end is one end of real links, as its node sees it.
type end struct {
	transport.Transport
	self   swarm.PeerID
	bound  chan []swarm.Address
	up     chan transport.LinkID
	frames atomic.Int64
	full   atomic.Int64
}

func (e *end) Listening(a []swarm.Address)     { e.bound <- a }
func (e *end) Received(f []transport.Received) { e.frames.Add(int64(len(f))) }
func (e *end) Event(what transport.Event) {
	switch what := what.(type) {
	case transport.Up:
		e.up <- what.Link
	case transport.Full:
		e.full.Add(1)
	}
}

// quicEnd runs the built-in QUIC, inline or as a process, until the benchmark ends.
func quicEnd(b *testing.B, h *host.Host, isolation host.Isolation) (*end, []swarm.Address) {
	b.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	e := &end{self: swarm.PeerID(public), bound: make(chan []swarm.Address, 1), up: make(chan transport.LinkID, 64)}
	spec := host.Spec{Kind: bridge.KindTransport, Name: "quic", Isolation: isolation}
	if e.Transport, err = h.Transport(b.Context(), spec, transport.Config{Identity: private, Listen: "127.0.0.1:0"}); err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- e.Run(ctx, e) }()
	b.Cleanup(func() {
		stop()
		if err := <-over; err != nil {
			b.Error(err)
		}
	})
	return e, <-e.bound
}

// BenchmarkFanOut sends 50 Mb/s over real links, a stream of 5 Mb/s in groups of 50 ms to each of ten viewers, who answer as
// viewers do, and tells what it costs more with the sender's transport in a process than inline. Sender and viewers of both
// ways are all in the figure; the difference between the two, taken in turn, is the boundary's.
func BenchmarkFanOut(b *testing.B) {
	defer ballast()()
	const (
		viewers = 10
		size    = 1090
		span    = 50 * time.Millisecond
		chunks  = 5_000_000 / 8 * 50 / 1000 / size // of a group
		groups  = 20                               // in a row, then the other way has its turn
	)
	h, err := host.New(host.Config{Self: plugintest.Self(b), Builtin: served(), Dir: plugintest.Folder(b)})
	if err != nil {
		b.Fatal(err)
	}
	plugintest.Run(b, h)
	type way struct {
		sender  *end
		links   []transport.LinkID
		viewers []*end
		back    []transport.LinkID
		pid     int
		used    time.Duration
		ran     time.Duration
		sent    int64
	}
	ways := make([]*way, 2)
	for i, isolation := range []host.Isolation{host.Inline, host.Process} {
		w := &way{}
		ways[i] = w
		var at []swarm.Address
		w.sender, at = quicEnd(b, h, isolation)
		if isolation == host.Process {
			w.pid = h.Plugins()[0].PIDs[0]
		}
		for range viewers {
			v, _ := quicEnd(b, h, host.Inline)
			if err := v.Dial(w.sender.self, at); err != nil {
				b.Fatal(err)
			}
			w.viewers, w.back, w.links = append(w.viewers, v), append(w.back, <-v.up), append(w.links, <-w.sender.up)
		}
	}
	cpu := func(w *way) time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		used := time.Duration(u.Utime.Nano() + u.Stime.Nano())
		if w.pid != 0 {
			used += processTime(b, w.pid)
		}
		return used
	}
	payload, have := make([]byte, size), make([]byte, 60)
	b.ResetTimer()
	for n := 0; n < b.N; n += groups {
		for _, w := range ways {
			before, began := cpu(w), time.Now()
			for g := range groups {
				for i := range chunks { // paced, as the engine does: each crosses alone
					due := time.Duration(g)*span + time.Duration(i)*span/chunks
					if d := due - time.Since(began); d > 0 {
						timer := time.NewTimer(d)
						<-timer.C
					}
					w.sender.SendChunks([]transport.Frame{{Data: payload, To: w.links, Expires: time.Now().Add(time.Second), Token: uint64(i)}})
				}
				w.sent += chunks * viewers
				if g%2 == 0 {
					for i, v := range w.viewers {
						_ = v.SendControl(w.back[i], have) // no harm if it is full
					}
				}
			}
			w.used += cpu(w) - before
			w.ran += time.Since(began)
		}
	}
	b.StopTimer()
	share := func(w *way) float64 { return 100 * w.used.Seconds() / w.ran.Seconds() }
	for i, name := range []string{"inline", "process"} {
		w := ways[i]
		var came int64
		for _, v := range w.viewers {
			came += v.frames.Load()
		}
		b.ReportMetric(share(w), name+"-%core")
		b.ReportMetric(float64(w.sent-came)/float64(w.sent), name+"-lost")
		b.ReportMetric(float64(w.sender.full.Load())/float64(w.sent), name+"-full")
	}
	b.ReportMetric(share(ways[1])-share(ways[0]), "more-%core")
	b.ReportMetric(0, "ns/op")
}
