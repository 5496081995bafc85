package rendezvous_test

import (
	"context"
	"crypto/ed25519"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// heard is a sink that remembers what it was told, and lets a test wait for it.
type heard struct {
	mu         sync.Mutex
	candidates []swarm.Candidate
	epochs     []uint32
	signals    []string
	punches    int
	mirrors    []swarm.Address // of the last punch
	policies   []string        // that it was advised to use
	suspects   []swarm.PeerID
	connected  bool
	joins      int
	away       error // why the server does not answer, as it was told last
	news       chan struct{}
}

func newHeard() *heard { return &heard{news: make(chan struct{}, 1)} }

func (h *heard) change(f func()) {
	h.mu.Lock()
	f()
	h.mu.Unlock()
	select {
	case h.news <- struct{}{}:
	default:
	}
}

func (h *heard) Candidates(c []swarm.Candidate) {
	h.change(func() { h.candidates = append(h.candidates, c...) })
}

func (h *heard) Descriptor(signed []byte) {
	d, err := chunk.Open(signed)
	h.change(func() {
		if err == nil {
			h.epochs = append(h.epochs, d.Epoch)
		}
	})
}

func (h *heard) Signal(_ swarm.PeerID, data []byte) {
	h.change(func() { h.signals = append(h.signals, string(data)) })
}
func (h *heard) Punch(to []swarm.Address, _ time.Duration) {
	h.change(func() {
		if strings.HasPrefix(string(to[0]), "stun:") {
			h.mirrors = to
		} else {
			h.punches++
		}
	})
}
func (h *heard) Suspect(p swarm.PeerID) { h.change(func() { h.suspects = append(h.suspects, p) }) }
func (h *heard) Connection(err error) {
	h.change(func() {
		h.connected, h.away = err == nil, err
		if err == nil {
			h.joins++
		}
	})
}

// until waits for what to become true.
func (h *heard) until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	for {
		h.mu.Lock()
		ok := is()
		h.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-h.news:
		case <-deadline.C:
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// poll asks until it is so.
func poll(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(15 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 15 s: %s", what)
		}
	}
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, k, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// name is the stream of most tests.
const name = "cam/1"

func describe(t *testing.T, publisher ed25519.PrivateKey, epoch uint32) []byte {
	t.Helper()
	return describeNamed(t, publisher, name, epoch)
}

func describeNamed(t *testing.T, publisher ed25519.PrivateKey, name string, epoch uint32) []byte {
	t.Helper()
	signed, err := chunk.Sign(&chunk.Descriptor{
		Name: name, Publisher: public(publisher), Epoch: epoch, Substreams: 16, ChunkSize: 900, Authentication: "merkle",
		Tracks: []chunk.Track{{ID: 1, Kind: chunk.Video, Codec: "avc1.64001f", Timescale: 90000, Width: 640, Height: 360}},
		Init:   []byte(strings.Repeat("init", 50)),
	}, publisher)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// peer is a client that runs.
type peer struct {
	*rendezvous.Client
	*heard
	self  swarm.PeerID
	ended chan error
	stop  context.CancelFunc
}

// join runs a client of a stream until the test ends, or stop.
func join(t *testing.T, url string, role swarm.Role, publisher ed25519.PrivateKey) *peer {
	t.Helper()
	return joinAs(t, rendezvous.ClientConfig{URL: url, Identity: newKey(t), Publisher: publisher}, node.Self{Role: role, Name: name})
}

// joinAs runs a client; self.Peer is filled in.
func joinAs(t *testing.T, cfg rendezvous.ClientConfig, self node.Self) *peer {
	t.Helper()
	h := newHeard()
	cfg.Advised = func(p rendezvous.Policy) { h.change(func() { h.policies = append(h.policies, p.Label()) }) }
	c, err := rendezvous.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	self.Peer = swarm.PeerID(public(cfg.Identity))
	p := &peer{Client: c, heard: h, self: self.Peer, ended: make(chan error, 1)}
	c.Reachable([]swarm.Address{swarm.Address("quic:127.0.0.1:" + p.self.String()[:4])})
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.ended <- c.Run(ctx, self, p.heard)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return p
}

// in waits until p has joined.
func (p *peer) in(t *testing.T) *peer {
	t.Helper()
	p.until(t, "it joins", func() bool { return p.connected })
	return p
}

// serve runs a server that publisher may publish at; configure changes its configuration first.
func serve(t *testing.T, publisher ed25519.PrivateKey, configure ...func(*rendezvous.Config)) (*rendezvous.Server, *httptest.Server) {
	t.Helper()
	cfg := rendezvous.Config{Publishers: []ed25519.PublicKey{public(publisher)}, List: rendezvous.Listed}
	for _, f := range configure {
		f(&cfg)
	}
	s := rendezvous.NewServer(cfg)
	h := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		h.Close()
	})
	return s, h
}
