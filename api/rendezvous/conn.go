package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// conn is one WebSocket at the server. One goroutine reads; another lives only while something waits to be written, so
// that thousands of quiet connections cost little. send may be called by anybody, and never blocks.
type conn struct {
	ws   *websocket.Conn
	ctx  context.Context
	end  context.CancelFunc
	idle *time.Timer // ends the connection

	mu      sync.Mutex
	box     outbox
	held    bool // what comes waits until release
	writing bool
	closed  bool // takes no more: the last message is on its way
	writer  sync.WaitGroup
}

// serveJoin is /v1/join.
func (s *Server) serveJoin(w http.ResponseWriter, r *http.Request) {
	addr := s.clientAddress(r)
	if err := s.admit(addr); err != nil {
		w.Header().Set("Retry-After", "5")
		fault(w, http.StatusTooManyRequests, err.Error())
		return
	}
	// Any page may embed a player, so any origin may join; a join carries no cookie and no right but its own key's.
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{Subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		s.dismiss(addr)
		return // Accept has answered
	}
	ws.SetReadLimit(MaxSmall)
	c := &conn{ws: ws}
	c.ctx, c.end = context.WithCancel(s.ctx)
	// The goroutine of the request, with all that it holds, is not kept for as long as a viewer watches.
	go func() {
		defer s.dismiss(addr)
		c.idle = time.AfterFunc(joinPatience, c.end)
		err := s.converse(c, addr)
		s.cfg.Log.Debug("rendezvous connection ended", "address", addr, "error", err)
		if !errors.Is(err, errGone) {
			c.fail(codeOf(err), err.Error())
			c.drain()
		}
		c.close()
	}()
}

// send queues a message.
func (c *conn) send(f frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.box.put(f)
		c.write()
	}
}

// hold keeps what is sent from now on, until release.
func (c *conn) hold() {
	c.mu.Lock()
	c.held = true
	c.mu.Unlock()
}

// release sends first, and then what was held.
func (c *conn) release(first frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = false
	if !c.closed {
		c.box.queue = append([]frame{first}, c.box.queue...)
		c.write()
	}
}

// fail sends why the connection ends, and ends it.
func (c *conn) fail(code, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.box.put(encode(&message{Type: "error", Code: code, Text: text}))
		c.closed, c.held = true, false
		c.write()
		c.idle.Reset(lastPatience)
	}
}

// alive gives the other end its time for the next message. ok is false when the connection is about to end.
func (c *conn) alive() (ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.idle.Reset(idlePatience)
	}
	return !c.closed
}

// write starts the writer, when there is something to write and none runs. The lock is held.
func (c *conn) write() {
	if !c.writing && !c.held && len(c.box.queue) > 0 {
		c.writing = true
		c.writer.Go(c.flush)
	}
}

// flush writes until nothing waits. A message that does not leave within writePatience ends the connection.
func (c *conn) flush() {
	for {
		c.mu.Lock()
		f, ok := c.box.take()
		if !ok {
			c.writing = false
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		ctx, cancel := context.WithTimeout(c.ctx, writePatience)
		err := c.ws.Write(ctx, websocket.MessageText, f.data)
		cancel()
		if err != nil {
			c.end() // and with it every further Write
			c.mu.Lock()
			c.closed, c.box.queue = true, nil
			c.mu.Unlock()
		}
	}
}

// errGone means that the other end has left, was silent, or the server goes down: there is nobody to tell.
var errGone = errors.New("gone")

// read waits for the next message. Errors: errGone, ErrProtocol.
func (c *conn) read() (*message, error) {
	kind, b, err := c.ws.Read(c.ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errGone, err)
	}
	if kind != websocket.MessageText {
		return nil, fmt.Errorf("%w: a binary frame", ErrProtocol)
	}
	return parse(b)
}

// drain reads on for a moment, so that the last message is not lost with what the other end has still sent.
func (c *conn) drain() {
	for range 64 {
		if _, _, err := c.ws.Read(c.ctx); err != nil {
			return
		}
	}
}

// close ends the connection and waits for the writer.
func (c *conn) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.idle.Stop()
	c.end()
	_ = c.ws.CloseNow()
	c.writer.Wait()
}
