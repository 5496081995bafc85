//go:build unix

package main_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/serve"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// eventually waits until ok answers true, and fails the test after limit.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("after %v still not: %s", limit, what)
		case <-tick.C:
		}
	}
	return time.Since(began)
}

// history remembers events and log lines. It is safe for any goroutine.
type history struct {
	mu  sync.Mutex
	all []event.Event
	log bytes.Buffer
}

func (h *history) sink(e event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, e)
	fmt.Fprintf(&h.log, "%s %T%+v\n", time.Now().UTC().Format("15:04:05.000"), e, e)
}

// Write takes a line of a log.
func (h *history) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(b)
}

func (h *history) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

// happened lists the events of one type, in order.
func happened[E event.Event](h *history) []E {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []E
	for _, e := range h.all {
		if e, ok := e.(E); ok {
			list = append(list, e)
		}
	}
	return list
}

// newHistory makes one whose log is shown when the test fails.
func newHistory(t *testing.T, who string) *history {
	h := &history{}
	t.Cleanup(func() {
		if t.Failed() {
			text := h.text()
			t.Logf("the end of the log of %s:\n%s", who, text[max(0, len(text)-6000):])
		}
	})
	return h
}

func (h *history) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(h, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// keep runs f until the test is over or the returned function is called, and waits for it then.
func keep(t *testing.T, f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f(ctx)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return stop
}

// mediaServer starts a MediaMTX.
func mediaServer(t *testing.T, o tool.Options) *tool.Server {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	m, err := tool.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stop)
	return m
}

// publish keeps a clip coming into a path, and publishes again when MediaMTX has gone, as a camera would.
func publish(t *testing.T, media *tool.Server, path, name string) (stop func()) {
	return keep(t, func(ctx context.Context) {
		for ctx.Err() == nil {
			if err := clip.Publish(ctx, media.RTSPURL(path), clip.Options{Name: name}); err == nil {
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(300 * time.Millisecond):
			}
		}
	})
}

// source is a `shoal serve` that runs inside the test.
type source struct {
	*serve.Server
	*history
	stop func()
}

// loopback is the configuration of a server on free ports of the loopback, its plugins linked in.
func loopback(t *testing.T, api string) config.Config {
	c := config.Default()
	c.DataDir = filepath.Join(t.TempDir(), "source")
	c.MediaMTX.API = api
	c.MediaMTX.Poll = 200 * time.Millisecond
	c.Rendezvous.Listen = "127.0.0.1:0"
	c.Rendezvous.STUN = []string{"127.0.0.1:0", "127.0.0.1:0"}
	c.Bus.Listen = "127.0.0.1:0"
	c.Control.Listen = "127.0.0.1:0"
	c.Transport.Listen = "127.0.0.1:0"
	isolate(&c, config.Inline)
	return c
}

// isolate says where all plugins of a server run.
func isolate(c *config.Config, i config.Isolation) {
	c.Transport.Isolation, c.Policy.Isolation, c.Ingest.Isolation = i, i, i
}

// startSource runs a server until the test is over.
func startSource(t *testing.T, c config.Config) *source {
	t.Helper()
	return startSourceWith(t, serve.Options{Config: c})
}

// startSourceWith is startSource. What o leaves open is filled.
func startSourceWith(t *testing.T, o serve.Options) *source {
	t.Helper()
	s := &source{history: newHistory(t, "the source")}
	o.Version, o.Command, o.Log, o.Events = "test", plugintest.Self(t), s.logger(), s.sink
	server, err := serve.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = server
	s.stop = keep(t, func(ctx context.Context) {
		if err := server.Run(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("the source ended: %v", err)
		}
	})
	return s
}

// live waits until a path is a live stream, and answers its link.
func (s *source) live(t *testing.T, name string) string {
	t.Helper()
	eventually(t, 20*time.Second, name+" is live", func() bool { return s.state(name) == "live" })
	return s.Base() + "/" + name
}

// state is that of one stream, "" when the server does not know it.
func (s *source) state(name string) string {
	for _, one := range s.Streams() {
		if one.Name == name {
			return one.State
		}
	}
	return ""
}

// reason is why a stream is not live.
func (s *source) reason(name string) string {
	for _, one := range s.Streams() {
		if one.Name == name {
			return one.Reason
		}
	}
	return ""
}

// viewer is a `shoal watch` that runs inside the test.
type viewer struct {
	*watch.Viewer
	*history
	stop func()
	pipe string // the file that it writes what it plays to
}

// startViewer runs a viewer until the test is over. What o leaves open is filled.
func startViewer(t *testing.T, o watch.Options) *viewer {
	t.Helper()
	v := &viewer{history: newHistory(t, "a viewer"), pipe: o.Pipe}
	o.Listen, o.Command, o.Log, o.Events = "127.0.0.1:0", plugintest.Self(t), v.logger(), v.sink
	if o.Isolation == "" {
		o.Isolation = config.Inline
	}
	one, err := watch.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	v.Viewer = one
	v.stop = keep(t, func(ctx context.Context) {
		if err := one.Run(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("a viewer ended: %v", err)
		}
	})
	return v
}

// audience starts viewers with linked-in plugins and waits until all play.
func audience(t *testing.T, url string, count int) []*viewer {
	t.Helper()
	var list []*viewer
	for range count {
		list = append(list, startViewer(t, watch.Options{URL: url}))
	}
	play(t, list, 20)
	return list
}

// play waits until every viewer has played so many groups more.
func play(t *testing.T, viewers []*viewer, groups uint64) {
	t.Helper()
	goals := make(map[*viewer]uint64)
	for _, v := range viewers {
		s, _ := v.stats()
		goals[v] = s.Groups.Complete + groups
	}
	for v, goal := range goals {
		eventually(t, 20*time.Second, "a viewer plays", func() bool {
			s, ok := v.stats()
			return ok && s.Groups.Complete >= goal
		})
	}
}

// stats are the viewer's own, of its one stream; ok is false once it has ended or before it has joined.
func (v *viewer) stats() (s engine.Stats, ok bool) {
	st, err := v.Node().Stats()
	if err != nil || len(st.Streams) == 0 {
		return s, false
	}
	return st.Streams[0].Engine, true
}

// plays waits until the viewer has played so many groups more.
func (v *viewer) plays(t *testing.T, groups uint64) {
	t.Helper()
	play(t, []*viewer{v}, groups)
}

// linkTo is the viewer's link to a node, 0 without one.
func (v *viewer) linkTo(n *node.Node) swarm.LinkID {
	s, _ := v.stats()
	i := slices.IndexFunc(s.Links, func(l engine.LinkStats) bool { return l.Peer == n.Self() })
	if i < 0 {
		return 0
	}
	return s.Links[i].Link
}

// linked lists the viewers with a link to the source, and which it is.
func linked(viewers []*viewer, to *node.Node) map[*viewer]swarm.LinkID {
	list := make(map[*viewer]swarm.LinkID)
	for _, v := range viewers {
		if l := v.linkTo(to); l != 0 {
			list[v] = l
		}
	}
	return list
}
