package rendezvous

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

const (
	retryFirst    = 200 * time.Millisecond
	retryMost     = 5 * time.Second
	unknownFor    = 10 * time.Second // an unknown stream is waited for, at the first join
	clientOutbox  = 64
	readPatience  = 3 * pingEvery // the server pings; silence is a dead connection
	closePatience = 200 * time.Millisecond
)

// ClientConfig describes a client, one a stream.
type ClientConfig struct {
	URL       string             // of the rendezvous: http(s)://host[:port][/prefix]
	Identity  ed25519.PrivateKey // of the node
	Publisher ed25519.PrivateKey // of the stream; sources alone
	HTTP      *http.Client       // nil for the default
	Log       *slog.Logger       // nil discards
}

// Client is a node's membership in one stream. It implements node.Rendezvous.
type Client struct {
	cfg  ClientConfig
	join string // the URL of /v1/join
	out  chan *message

	mu        sync.Mutex
	addresses []swarm.Address
	signed    []byte // packed, to be told again after a reconnect
	connected bool
}

var _ node.Rendezvous = (*Client)(nil)

// NewClient makes a client. Errors: node.ErrConfig when the URL is none.
func NewClient(cfg ClientConfig) (*Client, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%w: rendezvous %q is no http or https URL", node.ErrConfig, cfg.URL)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{cfg: cfg, join: u.JoinPath("/v1/join").String(), out: make(chan *message, clientOutbox)}, nil
}

// Run keeps this node a member until ctx ends; see node.Rendezvous.
func (c *Client) Run(ctx context.Context, self node.Self, sink node.RendezvousSink) error {
	began, joined := time.Now(), false
	for delay := retryFirst; ; {
		ok, err := c.session(ctx, self, sink)
		joined = joined || ok
		if ok {
			delay = retryFirst
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, node.ErrRefused):
			return err
		case errors.Is(err, node.ErrUnknownStream) && !joined && time.Since(began) > unknownFor:
			return err
		}
		sink.Connection(err)
		c.cfg.Log.Warn("rendezvous away", "url", c.cfg.URL, "stream", self.Name, "error", err, "retry", delay)
		pause := time.NewTimer(delay/2 + rand.N(delay))
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
		delay = min(2*delay, retryMost)
	}
}

// session is one connection, from dial to end. joined says whether the server let this peer in.
func (c *Client) session(ctx context.Context, self node.Self, sink node.RendezvousSink) (joined bool, err error) {
	dial, cancel := context.WithTimeout(ctx, 10*time.Second)
	ws, resp, err := websocket.Dial(dial, c.join, &websocket.DialOptions{HTTPClient: c.cfg.HTTP, Subprotocols: []string{Subprotocol}})
	cancel()
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			return false, fmt.Errorf("%w: %s answers %s", ErrProtocol, c.join, resp.Status)
		}
		return false, err
	}
	defer ws.CloseNow()
	ws.SetReadLimit(MaxMessage)
	if err := c.enter(ctx, ws, self); err != nil {
		return false, err
	}
	ctx, stop := context.WithCancel(ctx)
	var writer sync.WaitGroup
	defer writer.Wait()
	defer stop()
	defer c.setConnected(false)
	for {
		m, err := readClient(ctx, ws)
		if err != nil {
			return joined, err
		}
		if m.Type == "joined" && !joined {
			joined = true
			c.setConnected(true)
			writer.Go(func() {
				defer stop()
				c.write(ctx, ws)
			})
			sink.Connection(nil)
		}
		if err := c.take(m, sink); err != nil {
			return joined, err
		}
	}
}

// enter answers the challenge.
func (c *Client) enter(ctx context.Context, ws *websocket.Conn, self node.Self) error {
	m, err := readClient(ctx, ws)
	if err != nil {
		return err
	}
	if m.Type == "error" {
		return errorOf(m)
	}
	if m.Type != "challenge" || len(m.Nonce) != 32 {
		return fmt.Errorf("%w: %s does not begin with a challenge", ErrProtocol, c.join)
	}
	c.mu.Lock()
	addresses := c.addresses
	c.mu.Unlock()
	join := &message{
		Type: "join", Peer: self.Peer.Text(), Role: self.Role.String(), Name: self.Name, Addresses: addresses,
		Signature: ed25519.Sign(c.cfg.Identity, joinText(m.Nonce, self.Role, self.Name)),
	}
	if c.cfg.Publisher != nil {
		join.Publisher = fmt.Sprintf("%x", c.cfg.Publisher.Public())
		join.Grant = ed25519.Sign(c.cfg.Publisher, grantText(m.Nonce, self.Peer, self.Name))
	}
	return writeClient(ctx, ws, join)
}

// take handles one message of the server.
func (c *Client) take(m *message, sink node.RendezvousSink) error {
	switch m.Type {
	case "joined", "descriptor", "candidates":
		if len(m.Descriptor) > 0 {
			signed, err := unpack(m.Descriptor)
			if err != nil {
				return err
			}
			sink.Descriptor(signed)
		}
		if list := toCandidates(m.Candidates); len(list) > 0 {
			sink.Candidates(list)
		}
	case "signal":
		if peer, err := swarm.ParsePeerID(m.Peer); err == nil {
			sink.Signal(peer, m.Data)
		}
	case "punch":
		if checkAddresses(m.Addresses) == nil && m.DelayMS >= 0 && m.DelayMS < 10_000 {
			sink.Punch(m.Addresses, time.Duration(m.DelayMS)*time.Millisecond)
		}
	case "error":
		return errorOf(m)
	}
	return nil
}

// write sends what is queued, and first what the server must know again after a reconnect.
func (c *Client) write(ctx context.Context, ws *websocket.Conn) {
	c.mu.Lock()
	addresses, signed := c.addresses, c.signed
	c.mu.Unlock()
	first := []*message{{Type: "addresses", Addresses: addresses}}
	if signed != nil {
		first = append(first, &message{Type: "describe", Descriptor: signed})
	}
	for _, m := range first {
		if writeClient(ctx, ws, m) != nil {
			return
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-c.out:
			if writeClient(ctx, ws, m) != nil {
				return
			}
		}
	}
}

func (c *Client) setConnected(to bool) {
	c.mu.Lock()
	c.connected = to
	c.mu.Unlock()
	for !to { // what was queued for the connection that ended is of no more use
		select {
		case <-c.out:
		default:
			return
		}
	}
}

// send queues a message; while there is no connection, or it does not keep up, the message is dropped.
func (c *Client) send(m *message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.connected {
		return
	}
	select {
	case c.out <- m:
	default:
	}
}

// Introduce asks for candidates.
func (c *Client) Introduce(count int) { c.send(&message{Type: "introduce", Count: count}) }

// Describe publishes the signed descriptor of a new epoch.
func (c *Client) Describe(signed []byte) {
	packed := pack(signed)
	c.mu.Lock()
	c.signed = packed
	c.mu.Unlock()
	c.send(&message{Type: "describe", Descriptor: packed})
}

// Signal carries data to peer.
func (c *Client) Signal(peer swarm.PeerID, data []byte) {
	c.send(&message{Type: "signal", Peer: peer.Text(), Data: data})
}

// Reachable replaces the addresses of this node.
func (c *Client) Reachable(addresses []swarm.Address) {
	list := slices.Clone(addresses[:min(len(addresses), swarm.MaxAddresses)])
	c.mu.Lock()
	c.addresses = list
	c.mu.Unlock()
	c.send(&message{Type: "addresses", Addresses: list})
}

// Report tells how this peer is doing.
func (c *Client) Report(s node.Statistics) {
	m := &message{Type: "report", Report: &s}
	for _, f := range s.Feeds[:min(len(s.Feeds), 64)] {
		m.Feeds = append(m.Feeds, f.Text())
	}
	c.send(m)
}

func readClient(ctx context.Context, ws *websocket.Conn) (*message, error) {
	kind, b, err := ws.Read(ctx)
	if err != nil {
		return nil, err
	}
	m := new(message)
	if kind != websocket.MessageText {
		return nil, fmt.Errorf("%w: a binary frame", ErrProtocol)
	}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return m, nil
}

func writeClient(ctx context.Context, ws *websocket.Conn, m *message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return ws.Write(ctx, websocket.MessageText, b)
}
