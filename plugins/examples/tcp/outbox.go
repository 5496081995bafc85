package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// outbox is what waits for a link's writer. Control frames and chunk frames take turns; pings go first and a bye last.
type outbox struct {
	wake chan struct{} // holds a token while there may be something to write

	mu      sync.Mutex
	over    bool   // nothing is taken any more
	bye     []byte // the last message; nil until the link is to close
	pings   []byte // messages, at most two
	control []byte // messages
	gate    gate
}

// gate bounds the chunk frames that have not left: those in the outbox and those that the kernel has not yet sent.
type gate struct {
	queue    []chunk
	frames   int // that have not left
	bytes    int // of them
	window   int // bytes that the path takes in queueTime
	full     bool
	refusing int // Fulls that are just being reported; Writable waits for them
}

type chunk struct {
	data    []byte
	expires time.Time
}

// takeControl copies a frame, cut into parts. Errors: ErrNoLink, ErrFull.
func (o *outbox) takeControl(frame []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over || o.bye != nil {
		return transport.ErrNoLink
	}
	if len(o.control) > maxWaiting {
		return fmt.Errorf("%w: %d bytes of control frames wait", transport.ErrFull, len(o.control))
	}
	for ; len(frame) > maxBody; frame = frame[maxBody:] {
		o.control = appendMessage(o.control, kindPart, frame[:maxBody])
	}
	o.control = appendMessage(o.control, kindEnd, frame)
	o.ring()
	return nil
}

// takeChunk answers false where there is no room; the caller reports Full then and calls refused.
func (o *outbox) takeChunk(f *transport.Frame) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	g := &o.gate
	if g.frames >= 2 && g.bytes+len(f.Data) > g.window {
		g.full = true
		g.refusing++
		return false
	}
	g.queue = append(g.queue, chunk{f.Data, f.Expires})
	g.frames++
	g.bytes += len(f.Data)
	o.ring()
	return true
}

// refused ends one report of Full. It answers whether Writable is due.
func (o *outbox) refused() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gate.refusing--
	return o.gate.reopen()
}

// left takes note of chunk frames that are gone. It answers whether Writable is due.
func (o *outbox) left(frames, bytes int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gate.frames -= frames
	o.gate.bytes -= bytes
	return o.gate.reopen()
}

// reopen ends the state of being full once half of the room is free.
func (g *gate) reopen() bool {
	if !g.full || g.refusing > 0 || g.frames > 1 && g.bytes > g.window/2 {
		return false
	}
	g.full = false
	return true
}

// measure sets how many bytes the path takes in queueTime.
func (o *outbox) measure(window int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gate.window = window
}

// ping queues a ping or a pong, unless the last ones have not left.
func (o *outbox) ping(k kind, token []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.pings) < 2*(messageHeader+tokenSize) {
		o.pings = appendMessage(o.pings, k, token)
		o.ring()
	}
}

// close lets a bye be the last thing that leaves.
func (o *outbox) close(cause string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bye == nil {
		o.bye = appendMessage(nil, kindBye, []byte(cause))
	}
	o.ring()
}

// end lets nothing leave any more.
func (o *outbox) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	o.ring()
}

func (o *outbox) ring() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// load is what a writer takes at once.
type load struct {
	messages      []byte // to be written
	last          bool   // nothing follows
	frames, bytes int    // chunk frames that are gone once the messages are
}

// next waits for something to write, and appends it to buffer.
func (o *outbox) next(buffer []byte) load {
	for {
		<-o.wake
		if l := o.fill(buffer, time.Now()); l.last || len(l.messages) > 0 || l.frames > 0 {
			return l
		}
	}
}

func (o *outbox) fill(b []byte, now time.Time) load {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over || o.bye != nil {
		if !o.over {
			b = append(b, o.bye...)
		}
		return load{messages: b, last: true}
	}
	l := load{messages: append(append(b, o.pings...), o.turn()...)}
	o.pings = o.pings[:0]
	for _, c := range o.gate.queue {
		l.frames++
		l.bytes += len(c.data)
		if c.expires.IsZero() || c.expires.After(now) {
			l.messages = appendMessage(l.messages, kindChunk, c.data)
		}
	}
	clear(o.gate.queue)
	o.gate.queue = o.gate.queue[:0]
	if len(o.control) > 0 {
		o.ring()
	}
	return l
}

// turn takes the control messages whose turn it is: one part, or small ones of about that size.
func (o *outbox) turn() []byte {
	n := 0
	for n < len(o.control) && n < maxBody {
		n += messageHeader + bodySize(o.control[n:])
	}
	turn := o.control[:n]
	if o.control = o.control[n:]; len(o.control) == 0 {
		o.control = nil
	}
	return turn
}

// joiner puts control frames together again.
type joiner struct{ frame []byte }

// add takes a part; whole answers the frame once its end has come. Errors: ErrProtocol.
func (j *joiner) add(k kind, body []byte) (frame []byte, whole bool, err error) {
	if len(j.frame)+len(body) > swarm.MaxControlFrame {
		return nil, false, fmt.Errorf("%w: a control frame beyond %d bytes", ErrProtocol, swarm.MaxControlFrame)
	}
	if len(j.frame) == 0 && k == kindEnd {
		return body, true, nil
	}
	j.frame = append(j.frame, body...)
	if k == kindPart {
		return nil, false, nil
	}
	frame, j.frame = j.frame, nil
	return frame, true, nil
}
