package memory_test

import (
	"context"
	"crypto/ed25519"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/memory"
)

func network(t *testing.T, cfg memory.Config) *memory.Network {
	t.Helper()
	n, err := memory.NewNetwork(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// seen is something that an endpoint reported, and when since the test began.
type seen struct {
	at   time.Duration
	what any
}

// tape records what an endpoint reports in virtual time.
type tape struct {
	mu    sync.Mutex
	began time.Time
	seen  []seen
}

func (p *tape) note(what any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, seen{time.Since(p.began), what})
}

func (p *tape) Listening([]swarm.Address) {}
func (p *tape) Event(e transport.Event)   { p.note(e) }
func (p *tape) Received(frames []transport.Received) {
	for _, f := range frames {
		p.note(f)
	}
}

// of are the entries of one type.
func of[T any](p *tape) (at []time.Duration, list []T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.seen {
		if x, ok := s.what.(T); ok {
			at, list = append(at, s.at), append(list, x)
		}
	}
	return at, list
}

type node struct {
	transport.Transport
	tape *tape
	id   swarm.PeerID
}

// run starts an endpoint called name.
func run(t *testing.T, n *memory.Network, name string) *node {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	key := ed25519.NewKeyFromSeed(seed)
	x := &node{Transport: n.Endpoint(transport.Config{Identity: key, Listen: name}), tape: &tape{began: time.Now()}}
	copy(x.id[:], key.Public().(ed25519.PublicKey))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx, x.tape) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run of %s: %v", name, err)
		}
	})
	synctest.Wait()
	return x
}

// linked starts a and b and links them; both numbers are 1.
func linked(t *testing.T, n *memory.Network) (a, b *node) {
	t.Helper()
	a, b = run(t, n, "a"), run(t, n, "b")
	if err := a.Dial(b.id, []swarm.Address{"memory:b"}); err != nil {
		t.Fatal(err)
	}
	pass(time.Second)
	a.tape.began, b.tape.began = time.Now(), time.Now()
	return a, b
}

// pass lets virtual time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
