package bridge

import (
	"errors"
	"sync"
	"time"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/transport"
)

// retryControl is how soon a control frame is offered again to a transport that was full.
const retryControl = 5 * time.Millisecond

// controlQueue hands control frames to the transport. Those that it has no room for wait here, in order, and the
// host is told what was taken, so that at most controlBacklog bytes a link wait in all.
type controlQueue struct {
	c *carrier

	mu      sync.Mutex
	waiting map[transport.LinkID][][]byte
	taken   map[transport.LinkID]uint64 // bytes since the host was told
	timer   *time.Timer
	closed  bool
}

func newControlQueue(c *carrier) *controlQueue {
	return &controlQueue{c: c, waiting: map[transport.LinkID][][]byte{}, taken: map[transport.LinkID]uint64{}}
}

// send takes one frame from the host.
func (q *controlQueue) send(link transport.LinkID, frame []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if len(q.waiting[link]) == 0 && q.hand(link, frame) {
		return
	}
	q.waiting[link] = append(q.waiting[link], frame)
	if q.timer == nil {
		q.timer = time.AfterFunc(retryControl, q.retry)
	}
}

// hand gives a frame to the transport, and reports whether that is done with: it was taken, or never will be, since
// the link is gone.
func (q *controlQueue) hand(link transport.LinkID, frame []byte) bool {
	if errors.Is(q.c.transport.SendControl(link, frame), transport.ErrFull) {
		return false
	}
	q.taken[link] += uint64(len(frame))
	return true
}

// retry offers what waits once more.
func (q *controlQueue) retry() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.timer = nil
	if q.closed {
		return
	}
	for link, frames := range q.waiting { // order-free: links have no order among them
		for len(frames) > 0 && q.hand(link, frames[0]) {
			frames = frames[1:]
		}
		if len(frames) == 0 {
			delete(q.waiting, link)
			continue
		}
		q.waiting[link] = frames
	}
	if len(q.waiting) > 0 {
		q.timer = time.AfterFunc(retryControl, q.retry)
	}
	q.tellLocked()
}

// tell lets the host know what was taken.
func (q *controlQueue) tell() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tellLocked()
}

func (q *controlQueue) tellLocked() {
	for link, n := range q.taken { // order-free: links have no order among them
		_ = q.c.out.Post(encode(&pb.CarryResponse{Response: &pb.CarryResponse_ControlTaken{ControlTaken: &pb.ControlTakenEvent{
			Link: uint64(link), Bytes: n,
		}}})) // else the host is gone
	}
	clear(q.taken)
}

// close drops what waits.
func (q *controlQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	clear(q.waiting)
	if q.timer != nil {
		q.timer.Stop()
	}
}
