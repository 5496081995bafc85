package node_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// begins is how long the next transport takes to begin: what a process does.
const begins = 60 * time.Millisecond

// repaired is how many chunks viewers had to ask for.
func repaired(t *testing.T, viewers ...*node.Node) (sum uint64) {
	t.Helper()
	for _, n := range viewers {
		st, err := n.Stats()
		if err != nil {
			t.Fatal(err)
		}
		sum += st.Streams[0].Engine.Chunks.Repair
	}
	return sum
}

// spectators lets viewers join a source and answers once all play.
func (b *bench) spectators(source *node.Node, viewers ...*node.Node) []*screen {
	b.publishAt(source, camera{bytes: 6250})
	<-time.After(time.Second)
	screens := make([]*screen, len(viewers))
	for i, n := range viewers {
		screens[i] = &screen{}
		b.viewAt(n, screens[i], substreamInline)
	}
	<-time.After(5 * time.Second)
	for _, s := range screens {
		s.forget()
	}
	return screens
}

// unnoticed checks that nothing came of what killed transports: no group was missed, no link went down, and no more
// chunks were asked for than most.
func (b *bench) unnoticed(screens []*screen, before, after, most uint64) {
	b.t.Helper()
	b.playOn(screens, 0)
	if n := count[event.PeerLeft](b.events); n != 0 {
		b.t.Errorf("%d links went down: %+v", n, b.events.all)
	}
	b.t.Logf("%d chunks were asked for", after-before)
	if after-before > most {
		b.t.Errorf("%d chunks were asked for, want at most %d", after-before, most)
	}
}

// mortalAt is mortal with an address that stays, and another transport takes some time to begin.
func (b *bench) mortalAt(name string, begins time.Duration) (_ *node.Node, kill func()) {
	b.t.Helper()
	identity := key(b.t)
	killed := make(chan struct{})
	later := time.Duration(0)
	return b.running(identity, func(context.Context) (transport.Transport, error) {
		<-time.After(later)
		later = begins
		e := b.network.Endpoint(transport.Config{Identity: identity, Listen: name})
		return &mortal{Transport: e, bench: b, killed: killed, name: name}, nil
	}), func() { killed <- struct{}{} }
}

// running starts a node with a transport.
func (b *bench) running(identity []byte, start func(context.Context) (transport.Transport, error)) *node.Node {
	b.t.Helper()
	n, err := node.New(node.Config{
		Identity: identity, Authentications: sign.Catalogue(), Events: b.events.sink,
		Transports: []node.TransportSource{{Name: "memory", Start: start}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.group.Go(func() { _ = n.Run(b.ctx) })
	<-n.Ready()
	return n
}

// breakable starts a node, and answers what has all its links end with a cause.
func (b *bench) breakable() (_ *node.Node, lose func(error)) {
	b.t.Helper()
	identity := key(b.t)
	t := &fragile{Transport: b.network.Endpoint(transport.Config{Identity: identity})}
	return b.running(identity, func(context.Context) (transport.Transport, error) { return t, nil }), t.lose
}

// fragile is a transport whose links can be lost, at this end alone.
type fragile struct {
	transport.Transport
	sink transport.Sink
	up   []transport.LinkID
}

func (f *fragile) Run(ctx context.Context, sink transport.Sink) error {
	f.sink = sink
	return f.Transport.Run(ctx, fragileSink{sink, f})
}

func (f *fragile) lose(cause error) {
	for _, l := range f.up {
		f.sink.Event(transport.Down{Link: l, Cause: cause})
	}
	f.up = nil
}

type fragileSink struct {
	transport.Sink
	of *fragile
}

func (s fragileSink) Event(e transport.Event) {
	if up, ok := e.(transport.Up); ok {
		s.of.up = append(s.of.up, up.Link)
	}
	s.Sink.Event(e)
}

// happened reports whether one of the events told is as is says.
func happened[E event.Event](e *events, is func(E) bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.all, func(ev event.Event) bool {
		one, ok := ev.(E)
		return ok && is(one)
	})
}

// forget keeps only the last group that was played.
func (s *screen) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.played = s.played[len(s.played)-1:]
}

// deaf is an endpoint that is no node, and keeps what it is told.
type deaf struct {
	up     chan transport.LinkID
	down   chan error
	frames chan []byte
}

func (deaf) Listening([]swarm.Address) {}

func (d deaf) Received(frames []transport.Received) {
	for _, f := range frames {
		d.frames <- f.Data
	}
}

func (d deaf) Event(e transport.Event) {
	switch e := e.(type) {
	case transport.Up:
		d.up <- e.Link
	case transport.Down:
		d.down <- e.Cause
	}
}
