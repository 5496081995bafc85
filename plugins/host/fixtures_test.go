//go:build unix

package host_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/bridge/liar"
	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
	"github.com/shoal-live/shoal/transports/quic"
)

// hostArgument makes the test binary a host that says the id of its plugin's process, and lives until it is killed.
const hostArgument = "be-a-host"

// liarArgument makes it a plugin that lies.
const liarArgument = "be-a-liar"

// lie is a spec of such a plugin.
func lie(t *testing.T, what string) host.Spec {
	t.Helper()
	return host.Spec{Name: "mine", Path: plugintest.Self(t)[0], Args: []string{liarArgument, what}}
}

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == hostArgument {
		beHost(os.Args[2])
		return
	}
	if len(os.Args) == 3 && os.Args[1] == liarArgument {
		liar.Serve(os.Args[2], os.Exit)
		return
	}
	plugintest.Main(m, os.Args, served()...)
}

// fixtures are plugins that do what a test asks for.
func fixtures() []bridge.Plugin {
	return []bridge.Plugin{
		sdk.Transport("echo", func(cfg transport.Config) (transport.Transport, error) {
			cfg.Log.Info("made", "links", 0)
			return &echo{links: map[transport.LinkID]bool{}, hang: cfg.Params["run"] == "hang"}, nil
		}),
		sdk.Policy("parrot", newParrot),
	}
}

// served are the fixtures, and a transport with real links.
func served() []bridge.Plugin {
	return append(fixtures(), sdk.Transport("quic", func(cfg transport.Config) (transport.Transport, error) {
		t, err := quic.New(cfg)
		if err != nil {
			return nil, err // and no typed nil
		}
		return t, nil
	}))
}

// echo is a transport whose links lead back to itself.
type echo struct {
	hang bool

	mu    sync.Mutex
	sink  transport.Sink
	links map[transport.LinkID]bool
	last  transport.LinkID
}

func (e *echo) Capabilities() transport.Capabilities {
	return transport.Capabilities{Scheme: "echo", MaxChunk: 32 << 10, Overhead: 60}
}

func (e *echo) Run(ctx context.Context, sink transport.Sink) error {
	e.mu.Lock()
	e.sink = sink
	e.mu.Unlock()
	sink.Listening([]swarm.Address{"echo:here"})
	<-ctx.Done()
	if e.hang {
		select {}
	}
	return nil
}

func (e *echo) Dial(peer swarm.PeerID, addresses []swarm.Address) error {
	for _, a := range addresses {
		switch a {
		case "echo:panic":
			panic("boom")
		case "echo:hang":
			select {}
		case "echo:here":
			e.mu.Lock()
			defer e.mu.Unlock()
			e.last++
			e.links[e.last] = true
			e.sink.Event(transport.Up{Link: e.last, Peer: peer, Dialed: true, Address: a, MaxChunk: 32 << 10})
			return nil
		}
	}
	return fmt.Errorf("dial %v: %w", addresses, transport.ErrAddress)
}

func (e *echo) SendControl(link transport.LinkID, frame []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.links[link] {
		return transport.ErrNoLink
	}
	e.sink.Received([]transport.Received{{Link: link, Channel: transport.Control, Data: append([]byte(nil), frame...)}})
	return nil
}

func (e *echo) SendChunks(frames []transport.Frame) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var back []transport.Received
	for _, f := range frames {
		for _, l := range f.To {
			if e.links[l] {
				back = append(back, transport.Received{Link: l, Channel: transport.Chunk, Data: f.Data})
			}
		}
	}
	e.sink.Received(back)
}

func (e *echo) Signal(swarm.PeerID, []byte)          {}
func (e *echo) Punch([]swarm.Address, time.Duration) {}

func (e *echo) Close(link transport.LinkID, cause string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.links[link] {
		delete(e.links, link)
		e.sink.Event(transport.Down{Link: link, Cause: fmt.Errorf("%s: %w", cause, transport.ErrClosed)})
	}
}

// parrot answers each batch with one Introduce, or does what its parameter "step" says.
type parrot struct {
	step string
	held [][]byte
	open []*os.File
}

func newParrot(params map[string]string) (scheduler.Policy, error) {
	switch params["step"] {
	case "", "panic", "hang", "exit", "burn", "leak", "grow", "grow fast":
		return &parrot{step: params["step"]}, nil
	case "environment":
		return nil, fmt.Errorf("%w: %s", scheduler.ErrParameter, strings.Join(os.Environ(), "\x00"))
	case "status":
		text, err := os.ReadFile("/proc/self/status")
		return nil, fmt.Errorf("%w: %s, %w", scheduler.ErrParameter, text, err)
	}
	return nil, fmt.Errorf("%w: step %q", scheduler.ErrParameter, params["step"])
}

func (p *parrot) Step(b *scheduler.Batch) scheduler.Answer {
	switch p.step {
	case "panic":
		panic("boom")
	case "hang":
		select {}
	case "exit":
		os.Exit(7)
	case "burn": // two cores, for good
		for range 2 {
			go func() {
				for n := 1; n != 0; n += 2 {
				}
			}()
		}
		p.step = ""
	case "leak": // descriptors, all that there are
		for {
			f, err := os.Open(os.DevNull)
			if err != nil {
				break
			}
			p.open = append(p.open, f)
		}
	case "grow": // by 32 MiB a step
		p.grow(32 << 20)
	case "grow fast": // by 8 GiB at once
		p.grow(8 << 30)
	}
	return scheduler.Answer{Revision: b.Revision, Actions: []scheduler.Action{scheduler.Introduce{Count: 3}}}
}

// grow takes memory and writes to all of it.
func (p *parrot) grow(bytes int) {
	b := make([]byte, bytes)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	p.held = append(p.held, b)
}

// rig is a host for one test.
type rig struct {
	*host.Host
	dir string

	mu      sync.Mutex
	events  []event.Event
	changed chan struct{}
}

func newRig(t *testing.T, change func(*host.Config)) *rig {
	t.Helper()
	r := &rig{dir: plugintest.Folder(t), changed: make(chan struct{})}
	cfg := host.Config{
		Self: plugintest.Self(t), Builtin: fixtures(), Dir: r.dir, Version: "test", Events: r.note,
		Log: slog.New(slog.NewTextHandler(logTo{t}, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	h, err := host.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = h
	plugintest.Run(t, h)
	return r
}

type logTo struct{ t *testing.T }

func (l logTo) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func (r *rig) note(e event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	close(r.changed)
	r.changed = make(chan struct{})
}

// event waits for the first event of a type.
func wait[E event.Event](t *testing.T, r *rig) E {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		r.mu.Lock()
		for _, e := range r.events {
			if e, ok := e.(E); ok {
				r.mu.Unlock()
				return e
			}
		}
		changed := r.changed
		r.mu.Unlock()
		select {
		case <-changed:
		case <-deadline:
			var none E
			t.Fatalf("no event %T within 10 s", none)
		}
	}
}

// pids are all processes of the rig.
func (r *rig) pids() []int {
	var all []int
	for _, s := range r.Plugins() {
		all = append(all, s.PIDs...)
	}
	return all
}

// kill kills the processes of the rig, which must be one.
func (r *rig) kill(t *testing.T) {
	t.Helper()
	pids := r.pids()
	if len(pids) != 1 {
		t.Fatalf("processes %v; want one", pids)
	}
	p, err := os.FindProcess(pids[0])
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func echoSpec() host.Spec   { return host.Spec{Kind: bridge.KindTransport, Name: "echo"} }
func parrotSpec() host.Spec { return host.Spec{Kind: bridge.KindPolicy, Name: "parrot"} }

// sink keeps what a transport reports.
type sink struct {
	frames chan transport.Received
	events chan transport.Event
	bound  chan struct{}
}

func newSink() *sink {
	return &sink{frames: make(chan transport.Received, 1000), events: make(chan transport.Event, 1000), bound: make(chan struct{}, 1)}
}

func (s *sink) Listening([]swarm.Address) { s.bound <- struct{}{} }

func (s *sink) Received(frames []transport.Received) {
	for _, f := range frames {
		s.frames <- f
	}
}

func (s *sink) Event(e transport.Event) { s.events <- e }

// take waits for one value.
func take[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("no %s within 10 s", what)
		panic("unreachable")
	}
}

// running is a transport that runs.
type running struct {
	transport.Transport
	sink  *sink
	ended chan error
	stop  context.CancelFunc
}

func start(t *testing.T, r *rig, params map[string]string) *running {
	t.Helper()
	made, err := r.Transport(t.Context(), echoSpec(), transport.Config{Identity: make([]byte, 64), Params: params})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	x := &running{Transport: made, sink: newSink(), ended: make(chan error, 1), stop: stop}
	go func() { x.ended <- made.Run(ctx, x.sink) }()
	t.Cleanup(stop)
	take(t, x.sink.bound, "Listening")
	return x
}

func (x *running) dial(t *testing.T) transport.LinkID {
	t.Helper()
	if err := x.Dial(swarm.PeerID{1}, []swarm.Address{"echo:here"}); err != nil {
		t.Fatal(err)
	}
	up, ok := take(t, x.sink.events, "event").(transport.Up)
	if !ok {
		t.Fatal("the first event is no Up")
	}
	return up.Link
}

// gone waits for a process to be no more.
func gone(t *testing.T, pid int, within time.Duration) {
	t.Helper()
	deadline := time.Now().Add(within)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for alive(pid) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still there after %v", pid, within)
		}
		<-tick.C
	}
}

// script writes an executable into a folder of its own.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mine")
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// oneLine fails the test unless err is one line that names all of words.
func oneLine(t *testing.T, err error, is error, words ...string) {
	t.Helper()
	if !errors.Is(err, is) {
		t.Fatalf("error %v is no %v", err, is)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q has several lines", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

// plainTransport is the least of configurations.
func plainTransport() transport.Config { return transport.Config{Identity: make([]byte, 64)} }
