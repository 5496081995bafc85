package plugintest

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
	"github.com/shoal-live/shoal/plugins/host"
)

// Way is how an implementation is reached.
type Way uint8

// The ways.
const (
	Inline  Way = 1 // linked in
	GRPC    Way = 2 // over gRPC, within the process
	Data    Way = 3 // over gRPC and the data channel, within the process
	Process Way = 4 // in a process of its own, started by the real host
)

// Ways are all of them.
func Ways() []Way { return []Way{Inline, GRPC, Data, Process} }

// String is the way in lower case.
func (w Way) String() string {
	switch w {
	case Inline:
		return "inline"
	case GRPC:
		return "grpc"
	case Data:
		return "data channel"
	case Process:
		return "process"
	}
	return "unknown"
}

// Rig reaches one plugin in one way, for one test.
type Rig struct {
	plugin bridge.Plugin
	way    Way
	t      testing.TB
	remote *bridge.Remote // within the process
	host   *host.Host     // as a process

	mu     sync.Mutex
	events []event.Event
}

// New makes a rig, which ends with the test.
func New(t testing.TB, way Way, plugin bridge.Plugin) *Rig {
	t.Helper()
	r := &Rig{plugin: plugin, way: way, t: t}
	switch way {
	case Inline:
	case GRPC, Data:
		r.serveHere(t)
	case Process:
		r.startHost(t)
	default:
		t.Fatalf("plugintest: way %d", way)
	}
	return r
}

// Folder is a private one with a short path, as sockets need. It goes with the test.
func Folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pt") //nolint:usetesting // t.TempDir names the test in the path, which is too long for a socket then
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func (r *Rig) serveHere(t testing.TB) {
	t.Helper()
	dir := Folder(t)
	ln, err := net.Listen("unix", filepath.Join(dir, "grpc"))
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer(bridge.ServerOptions()...)
	srv := bridge.Register(g, bridge.ServerConfig{Plugins: []bridge.Plugin{r.plugin}, Version: "test"})
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	conn, err := grpc.NewClient("unix:"+ln.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	r.remote = &bridge.Remote{Conn: conn}
	if r.way == Data {
		if r.remote.Channels, err = pipe.Listen(dir, os.Getpid); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		g.Stop()
		<-served
		srv.Wait(5 * time.Second)
		if r.remote.Channels != nil {
			r.remote.Channels.Close()
		}
	})
}

func (r *Rig) startHost(t testing.TB) {
	t.Helper()
	var err error
	r.host, err = host.New(host.Config{
		Self:    Self(t),
		Builtin: []bridge.Plugin{r.plugin},
		Dir:     Folder(t),
		Version: "test",
		Events:  r.note,
		Log:     slog.New(slog.NewTextHandler(logTo{t}, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	Run(t, r.host)
}

// Run runs a host until the test ends.
func Run(t testing.TB, h *host.Host) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("host: %v", err)
		}
	})
}

// logTo writes what a host logs into the test's log.
type logTo struct{ t testing.TB }

// Write logs one record.
func (l logTo) Write(p []byte) (int, error) {
	l.t.Log(string(bytes.TrimSpace(p)))
	return len(p), nil
}

func (r *Rig) note(e event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// Events are those that the host has told so far.
func (r *Rig) Events() []event.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]event.Event(nil), r.events...)
}

// Way is how the plugin is reached.
func (r *Rig) Way() Way { return r.way }

// Host is the real host, nil unless the way is Process.
func (r *Rig) Host() *host.Host { return r.host }

// Kill kills every process of the rig with SIGKILL, and tells how many there were.
func (r *Rig) Kill() int {
	n := 0
	for _, s := range r.host.Plugins() {
		for _, pid := range s.PIDs {
			if p, err := os.FindProcess(pid); err == nil && p.Kill() == nil {
				n++
			}
		}
	}
	return n
}

func (r *Rig) spec() host.Spec { return host.Spec{Kind: r.plugin.Kind, Name: r.plugin.Name} }

// Transport makes a transport.
func (r *Rig) Transport(cfg transport.Config) (transport.Transport, error) {
	switch r.way {
	case Inline:
		return r.plugin.Transport(cfg)
	case Process:
		return r.host.Transport(r.t.Context(), r.spec(), cfg)
	default:
		return r.remote.Transport(r.t.Context(), r.plugin.Name, cfg)
	}
}

// Policy makes a policy, which ends with the test, and must live until then.
func (r *Rig) Policy(params map[string]string) (scheduler.Policy, error) {
	switch r.way {
	case Inline:
		return r.plugin.Policy(params)
	case Process:
		p, err := r.host.Policy(r.t.Context(), r.spec(), params)
		if err != nil {
			return nil, err
		}
		return r.keep(p), nil
	default:
		p, err := r.remote.Policy(r.t.Context(), r.plugin.Name, params)
		if err != nil {
			return nil, err
		}
		return r.keep(p), nil
	}
}

// keep ends a policy with the test, which fails when the policy was dead by then: a dead one breaks no rule.
func (r *Rig) keep(p host.PolicyClient) scheduler.Policy {
	r.t.Cleanup(func() {
		if err := p.Err(); err != nil {
			r.t.Errorf("the policy is dead: %v", err)
		}
		p.Close()
	})
	return p
}

// Ingest makes an ingest.
func (r *Rig) Ingest(cfg ingest.Config) (ingest.Ingest, error) {
	switch r.way {
	case Inline:
		return r.plugin.Ingest(cfg)
	case Process:
		return r.host.Ingest(r.t.Context(), r.spec(), cfg)
	default:
		return r.remote.Ingest(r.t.Context(), r.plugin.Name, cfg)
	}
}

// Discoverer makes a discoverer.
func (r *Rig) Discoverer(cfg ingest.Config) (ingest.Discoverer, error) {
	switch r.way {
	case Inline:
		return r.plugin.Discoverer(cfg)
	case Process:
		return r.host.Discoverer(r.t.Context(), r.spec(), cfg)
	default:
		return r.remote.Discoverer(r.t.Context(), r.plugin.Name, cfg)
	}
}

// Egress makes an egress.
func (r *Rig) Egress(cfg egress.Config) (egress.Egress, error) {
	switch r.way {
	case Inline:
		return r.plugin.Egress(cfg)
	case Process:
		return r.host.Egress(r.t.Context(), r.spec(), cfg)
	default:
		return r.remote.Egress(r.t.Context(), r.plugin.Name, cfg)
	}
}
