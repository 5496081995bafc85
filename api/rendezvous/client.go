package rendezvous

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// ClientConfig describes a client, one a stream.
type ClientConfig struct {
	URL       string             // of the rendezvous: http(s)://host[:port][/prefix]
	Identity  ed25519.PrivateKey // of the node
	Publisher ed25519.PrivateKey // of the stream; sources alone
	Advised   func(Policy)       // told which policy to use, from Run's goroutine; nil for none
	HTTP      *http.Client       // nil for the default
	Log       *slog.Logger       // nil discards
}

// Client is a node's membership in one stream. It implements node.Rendezvous.
type Client struct {
	cfg  ClientConfig
	join string        // the URL of /v1/join
	host string        // there
	wake chan struct{} // something waits in box

	mu        sync.Mutex
	addresses []swarm.Address
	described []byte  // packed, to be told again after a reconnect
	advice    *Advice // likewise
	box       outbox  // what waits for the session; nothing while there is none
	report    *message
	connected bool
}

var _ node.Rendezvous = (*Client)(nil)

// NewClient makes a client. Errors: node.ErrConfig when the URL is none, or the identity no key.
func NewClient(cfg ClientConfig) (*Client, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%w: rendezvous %q is no http or https URL", node.ErrConfig, cfg.URL)
	}
	if len(cfg.Identity) != ed25519.PrivateKeySize || cfg.Publisher != nil && len(cfg.Publisher) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("%w: rendezvous %q: Identity or Publisher is no Ed25519 private key", node.ErrConfig, u.Redacted())
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("rendezvous", u.Redacted())
	return &Client{cfg: cfg, join: u.JoinPath("v1", "join").String(), host: u.Hostname(), wake: make(chan struct{}, 1)}, nil
}

// Run keeps this node a member until ctx ends; see node.Rendezvous.
func (c *Client) Run(ctx context.Context, self node.Self, sink node.RendezvousSink) error {
	b := backoff{delay: retryFirst, most: retryMost}
	if self.Role == swarm.Source { // everybody else waits for it
		b.most = retrySource
	}
	for {
		s := &session{client: c, self: self, sink: sink}
		err := s.run(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, node.ErrRefused):
			return err
		}
		pause := b.next(s, err)
		if b.hopeless() {
			return err
		}
		sink.Connection(err)
		level := slog.LevelDebug
		if b.failed == 1 {
			level = slog.LevelWarn
		}
		c.cfg.Log.Log(ctx, level, "rendezvous away, trying again", "stream", self.Name, "error", err, "in", pause)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// queue sends a message; while there is no connection it is dropped.
func (c *Client) queue(m *message) {
	f := encode(m)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.connected {
		c.box.put(f)
		c.nudge()
	}
}

// nudge wakes the session.
func (c *Client) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// mirrors are STUN servers as a transport is told of them.
func (c *Client) mirrors(servers []string) []swarm.Address {
	var list []swarm.Address
	for _, s := range servers[:min(len(servers), swarm.MaxAddresses)] {
		host, port, err := net.SplitHostPort(s)
		if err != nil || len(s) > swarm.MaxAddress/2 {
			continue
		}
		if host == "" {
			host = c.host
		}
		list = append(list, swarm.Address("stun:"+net.JoinHostPort(host, port)))
	}
	return list
}

// Introduce asks for candidates.
func (c *Client) Introduce(count int) { c.queue(&message{Type: "introduce", Count: count}) }

// Describe publishes the signed descriptor of a new epoch.
func (c *Client) Describe(signed []byte) {
	packed := pack(signed)
	c.mu.Lock()
	c.described = packed
	c.mu.Unlock()
	c.queue(&message{Type: "describe", Descriptor: packed})
}

// Advise tells the viewers of a source's stream which policy to use.
func (c *Client) Advise(a Advice) {
	c.mu.Lock()
	c.advice = &a
	c.mu.Unlock()
	c.queue(&message{Type: "advise", Advice: &a})
}

// Signal carries data to peer. What is longer than MaxSignal is dropped: the server would hang up.
func (c *Client) Signal(peer swarm.PeerID, data []byte) {
	if len(data) > MaxSignal {
		c.cfg.Log.Warn("signal dropped: too long", "bytes", len(data), "most", MaxSignal)
		return
	}
	c.queue(&message{Type: "signal", Peer: peer.Text(), Data: data})
}

// Accuse tells the server that peer has sent a forged chunk.
func (c *Client) Accuse(peer swarm.PeerID) { c.queue(&message{Type: "accuse", Peer: peer.Text()}) }

// Reachable replaces the addresses of this node: the first swarm.MaxAddresses of them that are not too long.
func (c *Client) Reachable(addresses []swarm.Address) {
	list := slices.DeleteFunc(slices.Clone(addresses), func(a swarm.Address) bool { return len(a) == 0 || len(a) > swarm.MaxAddress })
	list = list[:min(len(list), swarm.MaxAddresses)]
	c.mu.Lock()
	same := slices.Equal(list, c.addresses)
	c.addresses = list
	c.mu.Unlock()
	if !same {
		c.queue(&message{Type: "addresses", Addresses: list})
	}
}

// Report tells how this peer is doing, as often as the server wants to know.
func (c *Client) Report(s node.Statistics) {
	m := toReport(s)
	c.mu.Lock()
	c.report = m
	c.mu.Unlock()
}
