package rendezvous

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// session is one connection of a client, from dial to end.
type session struct {
	client *Client
	self   node.Self
	sink   node.RendezvousSink
	ws     *websocket.Conn

	told   []swarm.Address // where the server knows that this node is
	joined bool            // the server has let this node in
	spread time.Duration   // over which members come back when the server is lost
	report time.Duration   // between two reports
}

// run dials, joins, and stays until the connection ends. Errors: why it did; those of the server as errorOf has them.
func (s *session) run(ctx context.Context) error {
	c := s.client
	dial, cancel := context.WithTimeout(ctx, 10*time.Second)
	ws, resp, err := websocket.Dial(dial, c.join, &websocket.DialOptions{HTTPClient: c.cfg.HTTP, Subprotocols: []string{Subprotocol}})
	cancel()
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			return fmt.Errorf("%w: it answers %s", ErrProtocol, resp.Status)
		}
		return err
	}
	s.ws = ws
	ws.SetReadLimit(MaxMessage)
	ctx, stop := context.WithCancel(ctx)
	idle := time.AfterFunc(joinPatience, stop)
	var writer sync.WaitGroup
	defer func() {
		idle.Stop()
		stop()
		c.mu.Lock()
		c.connected, c.box = false, outbox{} // what was queued for this connection is of no more use
		c.mu.Unlock()
		_ = ws.CloseNow()
		writer.Wait()
	}()
	if err := s.enter(ctx); err != nil {
		return err
	}
	for {
		m, err := s.read(ctx)
		if err != nil {
			return err
		}
		idle.Reset(idlePatience)
		if m.Type == "joined" && !s.joined {
			if err := s.settle(m); err != nil {
				return err
			}
			writer.Go(func() {
				defer stop()
				s.write(ctx)
			})
			s.sink.Connection(nil)
			if servers := c.mirrors(m.STUN); len(servers) > 0 {
				s.sink.Punch(servers, 0)
			}
		}
		if err := s.take(m); err != nil {
			return err
		}
	}
}

// enter answers the challenge.
func (s *session) enter(ctx context.Context) error {
	c := s.client
	m, err := s.read(ctx)
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
	s.told = c.addresses
	c.mu.Unlock()
	join := &message{
		Type: "join", Peer: s.self.Peer.Text(), Role: s.self.Role.String(), Name: s.self.Name, Addresses: s.told,
		Signature: ed25519.Sign(c.cfg.Identity, joinText(m.Nonce, s.self.Role, s.self.Name)),
	}
	if s.self.Stream != (node.Self{}).Stream {
		join.Stream = s.self.Stream.String()
	}
	if c.cfg.Publisher != nil {
		join.Publisher = fmt.Sprintf("%x", c.cfg.Publisher.Public())
		join.Grant = ed25519.Sign(c.cfg.Publisher, grantText(m.Nonce, s.self.Peer, s.self.Name))
	}
	return s.send(ctx, encode(join))
}

// settle begins the membership: what the server must know, and does not know by the join, is queued.
func (s *session) settle(m *message) error {
	if want := s.self.Stream; want != (node.Self{}).Stream && m.Stream != want.String() {
		return unknownStream("the server's %q is not the stream that was meant: open its link again", s.self.Name)
	}
	s.joined = true
	s.report = max(time.Duration(m.ReportMS)*time.Millisecond, reportSoonest)
	if s.self.Role != swarm.Source {
		s.spread = min(max(time.Duration(m.SpreadMS)*time.Millisecond, 0), maxSpread)
	}
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connected = true
	if !slices.Equal(c.addresses, s.told) {
		c.box.put(encode(&message{Type: "addresses", Addresses: c.addresses}))
	}
	if c.described != nil {
		c.box.put(encode(&message{Type: "describe", Descriptor: c.described}))
	}
	if c.advice != nil {
		c.box.put(encode(&message{Type: "advise", Advice: c.advice}))
	}
	c.nudge()
	return nil
}

// take hands one message of the server on.
func (s *session) take(m *message) error {
	switch m.Type {
	case "joined", "descriptor", "candidates":
		if len(m.Descriptor) > 0 {
			signed, err := unpack(m.Descriptor)
			if err != nil {
				return err
			}
			s.sink.Descriptor(signed)
		}
		if list := toCandidates(m.Candidates); len(list) > 0 {
			s.sink.Candidates(list)
		}
	case "advice":
		if m.Policy != nil && m.Policy.Name != "" && m.Policy.check() == nil && s.client.cfg.Advised != nil {
			s.client.cfg.Advised(*m.Policy)
		}
	case "signal":
		if peer, err := swarm.ParsePeerID(m.Peer); err == nil && len(m.Data) <= MaxSignal {
			s.sink.Signal(peer, m.Data)
		}
	case "suspect":
		if peer, err := swarm.ParsePeerID(m.Peer); err == nil {
			s.sink.Suspect(peer)
		}
	case "punch":
		if checkAddresses(m.Addresses) == nil && m.DelayMS >= 0 && m.DelayMS < 10_000 {
			s.sink.Punch(m.Addresses, time.Duration(m.DelayMS)*time.Millisecond)
		}
	case "error":
		return errorOf(m)
	}
	return nil
}

// write sends what is queued, the newest report, and a sign of life, until the connection ends.
func (s *session) write(ctx context.Context) {
	c := s.client
	life, report := time.NewTicker(timeEvery), time.NewTimer(reportSoonest/2)
	defer life.Stop()
	defer report.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-life.C:
			c.queue(&message{Type: "time", Sent: time.Now().UnixMicro()})
		case <-report.C:
			report.Reset(s.report)
			c.mu.Lock()
			if c.report != nil {
				c.box.put(encode(c.report))
				c.report = nil
			}
			c.mu.Unlock()
		}
		for {
			c.mu.Lock()
			f, ok := c.box.take()
			c.mu.Unlock()
			if !ok {
				break
			}
			if s.send(ctx, f) != nil {
				return
			}
		}
	}
}

func (s *session) read(ctx context.Context) (*message, error) {
	kind, b, err := s.ws.Read(ctx)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return nil, fmt.Errorf("%w: no message for %v", ErrProtocol, idlePatience)
		}
		return nil, err
	}
	if kind != websocket.MessageText {
		return nil, fmt.Errorf("%w: a binary frame", ErrProtocol)
	}
	return parse(b)
}

func (s *session) send(ctx context.Context, f frame) error {
	ctx, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	return s.ws.Write(ctx, websocket.MessageText, f.data)
}
