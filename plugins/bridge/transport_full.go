package bridge

import (
	"sync"

	"github.com/shoal-live/shoal/core/transport"
)

// fullQueue holds what this end's queue refused, until the sink is told.
type fullQueue struct {
	wake chan struct{} // holds one token while something waits

	mu      sync.Mutex
	refused []refusal
	blocked map[transport.LinkID]struct{} // told Full and not Writable since
	room    bool                          // the queue has room again
}

// refusal is one frame that was not taken for one link.
type refusal struct {
	full transport.Full
	size int // bytes of the frame
}

// add takes one frame that was refused.
func (q *fullQueue) add(f *transport.Frame) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.blocked == nil {
		q.blocked = map[transport.LinkID]struct{}{}
	}
	for _, l := range f.To {
		q.refused = append(q.refused, refusal{full: transport.Full{Link: l, Token: f.Token}, size: len(f.Data)})
		q.blocked[l] = struct{}{}
	}
	q.signal()
}

func (q *fullQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take hands over what waits. writable are the links that may be told so, once room was signalled.
func (q *fullQueue) take() (refused []refusal, writable []transport.LinkID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	refused, q.refused = q.refused, nil
	if q.room {
		q.room = false
		for l := range q.blocked { // order-free: one event names them all
			writable = append(writable, l)
		}
		clear(q.blocked)
	}
	return refused, writable
}

// roomAgain is called when the queue in front of the plugin has room after it had refused something.
func (t *transportClient) roomAgain() {
	t.full.mu.Lock()
	defer t.full.mu.Unlock()
	t.full.room = true
	t.full.signal()
}

// reportFull tells the sink what SendChunks could not, so that SendChunks never calls it. It ends with over.
func (t *transportClient) reportFull(over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		case <-t.full.wake:
		}
		refused, writable := t.full.take()
		t.emit.Lock()
		for _, r := range refused {
			if t.takes(r.full.Link, r.size) {
				t.sink.Event(r.full)
			}
		}
		up := writable[:0]
		for _, l := range writable {
			if t.takes(l, 0) {
				up = append(up, l)
			}
		}
		if len(up) > 0 {
			t.sink.Event(transport.Writable{Links: up})
		}
		t.emit.Unlock()
	}
}

// takes reports whether a link is up and carries chunk frames of size bytes.
func (t *transportClient) takes(l transport.LinkID, size int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	link := t.links[l]
	return link != nil && size <= link.maxChunk
}
