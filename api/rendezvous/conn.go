package rendezvous

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// conn is one WebSocket at the server. One goroutine reads, one writes; send may be called by anybody.
type conn struct {
	ws   *websocket.Conn
	out  chan *message
	done context.Context
	end  context.CancelFunc
}

// send queues a message. A connection that does not keep up is ended: it joins again.
func (c *conn) send(m *message) {
	select {
	case c.out <- m:
	default:
		c.end()
	}
}

// fail tells why the connection ends.
func (c *conn) fail(code, text string) { c.send(&message{Type: "error", Code: code, Text: text}) }

// serveJoin is /v1/join.
func (s *Server) serveJoin(w http.ResponseWriter, r *http.Request) {
	addr := s.clientAddress(r)
	done, end := context.WithCancel(context.WithoutCancel(r.Context()))
	defer end()
	c := &conn{out: make(chan *message, OutboxDepth), done: done, end: end}
	if err := s.admit(addr, c); err != nil {
		http.Error(w, err.Error(), http.StatusTooManyRequests)
		return
	}
	defer s.dismiss(addr, c)
	// Any page may embed a player, so any origin may join; a join carries no cookie and no right but its own key's.
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{Subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	ws.SetReadLimit(MaxMessage)
	c.ws = ws
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write()
	}()
	if err := s.converse(c, addr.String()); err != nil {
		c.fail(codeOf(err), err.Error())
		s.cfg.Log.Debug("rendezvous connection ended", "address", addr, "error", err)
		c.linger()
	}
	end()
	<-written
	_ = ws.CloseNow()
}

// linger gives the last message a moment to leave.
func (c *conn) linger() {
	t := time.NewTicker(5 * time.Millisecond)
	defer t.Stop()
	for deadline := time.Now().Add(time.Second); len(c.out) > 0 && time.Now().Before(deadline); {
		select {
		case <-c.done.Done():
			return
		case <-t.C:
		}
	}
}

// write sends what is queued, and pings, until the connection ends.
func (c *conn) write() {
	defer c.end()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-c.done.Done():
			return
		case m := <-c.out:
			if c.writeOne(m) != nil {
				return
			}
		case <-ping.C:
			ctx, cancel := context.WithTimeout(c.done, idlePatience)
			err := c.ws.Ping(ctx)
			cancel()
			if err != nil {
				return
			}
		}
	}
}

func (c *conn) writeOne(m *message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.done, writeTimeout)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, b)
}

func (c *conn) read(ctx context.Context) (*message, error) {
	kind, b, err := c.ws.Read(ctx)
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

// converse carries one connection from its challenge to its end.
func (s *Server) converse(c *conn, observed string) error {
	nonce := make([]byte, 32)
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	c.send(&message{Type: "challenge", Nonce: nonce})
	ctx, cancel := context.WithTimeout(c.done, joinPatience)
	first, err := c.read(ctx)
	cancel()
	if err != nil {
		return err
	}
	m, publisher, err := authenticate(first, nonce)
	if err != nil {
		return err
	}
	m.conn = c
	if err := s.join(m, first.Name, observed, publisher); err != nil {
		return err
	}
	defer s.leave(m)
	s.changed(first.Name)
	var rate bucket
	for {
		msg, err := c.read(c.done)
		if err != nil {
			return err
		}
		if !rate.take(time.Now(), MessagesPerSec, 2*MessagesPerSec) {
			return fmt.Errorf("%w: more than %d messages a second", chunk.ErrLimit, MessagesPerSec)
		}
		if err := s.handle(m, msg); err != nil {
			return err
		}
	}
}

func (s *Server) handle(m *member, msg *message) error {
	switch msg.Type {
	case "addresses":
		return s.reach(m, msg.Addresses)
	case "introduce":
		s.more(m, msg.Count)
	case "describe":
		return s.describe(m, msg.Descriptor)
	case "signal":
		return s.signal(m, msg.Peer, msg.Data)
	case "report":
		s.report(m, msg)
	case "time":
		m.conn.send(&message{Type: "time", Sent: msg.Sent, Now: time.Now().UnixMicro()})
	}
	return nil // unknown types are of a later version
}

// authenticate checks a join message against the nonce.
func authenticate(m *message, nonce []byte) (*member, ed25519.PublicKey, error) {
	if m.Type != "join" {
		return nil, nil, fmt.Errorf("%w: %q before join", ErrProtocol, m.Type)
	}
	if m.Name == "" || len(m.Name) > chunk.MaxName {
		return nil, nil, fmt.Errorf("%w: a stream's name of %d bytes, 1 to %d", chunk.ErrLimit, len(m.Name), chunk.MaxName)
	}
	peer, err := swarm.ParsePeerID(m.Peer)
	if err != nil {
		return nil, nil, err
	}
	role, err := parseRole(m.Role)
	if err != nil {
		return nil, nil, err
	}
	if err := checkAddresses(m.Addresses); err != nil {
		return nil, nil, err
	}
	if !ed25519.Verify(peer[:], joinText(nonce, role, m.Name), m.Signature) {
		return nil, nil, refused("the signature of the join does not match the peer's key")
	}
	var publisher ed25519.PublicKey
	if role == swarm.Source {
		if publisher, err = parseKey(m.Publisher); err != nil {
			return nil, nil, err
		}
		if !ed25519.Verify(publisher, grantText(nonce, peer, m.Name), m.Grant) {
			return nil, nil, refused("the grant does not match the publisher's key")
		}
	}
	return &member{peer: peer, role: role, addresses: m.Addresses}, publisher, nil
}
