package main

import (
	"context"
	"crypto/ed25519"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// node is a running transport and what it has reported.
type node struct {
	*Transport
	id swarm.PeerID

	mu sync.Mutex
	record
}

// record is what a transport has reported so far.
type record struct {
	listening []swarm.Address
	up        []transport.Up
	down      []transport.Down
	failed    []transport.DialFailed
	control   [][]byte
	chunks    [][]byte
	full      []uint64
	writable  int
	usage     transport.Usage
	measured  transport.Measured
}

// start runs a transport on the loopback until the test ends.
func start(t *testing.T) *node {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	made, err := New(transport.Config{Identity: key, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{Transport: made.(*Transport)}
	copy(n.id[:], key.Public().(ed25519.PublicKey))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx, n) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	n.await(t, "Listening", func(r *record) bool { return r.listening != nil })
	return n
}

// address is the node's "host:port".
func (n *node) address() string { return strings.TrimPrefix(string(n.seen().listening[0]), scheme+":") }

// awaitLink has other dial n, and answers the link's numbers at n and at other.
func (n *node) awaitLink(t *testing.T, other *node) (here, there transport.LinkID) {
	t.Helper()
	if err := other.Dial(n.id, n.seen().listening); err != nil {
		t.Fatal(err)
	}
	n.await(t, "Up", func(r *record) bool { return len(r.up) > 0 })
	other.await(t, "Up", func(r *record) bool { return len(r.up) > 0 })
	mine, theirs := n.seen().up, other.seen().up
	return mine[len(mine)-1].Link, theirs[len(theirs)-1].Link
}

// seen is a copy of what was reported so far.
func (n *node) seen() record {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.record
}

// await looks every 5 ms until ok holds, for 10 s.
func (n *node) await(t *testing.T, what string, ok func(*record) bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		n.mu.Lock()
		done := ok(&n.record)
		n.mu.Unlock()
		if done {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited 10 s for %s", what)
		}
	}
}

// Listening takes note.
func (n *node) Listening(a []swarm.Address) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listening = a
}

// Received takes note.
func (n *node) Received(frames []transport.Received) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range frames {
		if f.Channel == transport.Control {
			n.control = append(n.control, f.Data)
		} else {
			n.chunks = append(n.chunks, f.Data)
		}
	}
}

// Event takes note.
func (n *node) Event(e transport.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch e := e.(type) {
	case transport.Up:
		n.up = append(n.up, e)
	case transport.Down:
		n.down = append(n.down, e)
	case transport.DialFailed:
		n.failed = append(n.failed, e)
	case transport.Full:
		n.full = append(n.full, e.Token)
	case transport.Writable:
		n.writable++
	case transport.Usage:
		n.usage = e
	case transport.Measured:
		n.measured = e
	}
}
