package node

import (
	"sync"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

const (
	maxFrames = 8192  // chunk frames that wait for the loop
	maxPosts  = 65536 // control frames, events and calls that wait for the loop
)

// inbox is the queue in front of the loop. Everybody may put; only the loop takes.
type inbox struct {
	wake chan struct{} // holds one token while something waits

	mu      sync.Mutex
	frames  []arrival
	posts   []func()
	closed  bool
	dropped uint64 // chunk frames and posts that found no room
}

// arrival is one frame, and the transport that brought it.
type arrival struct {
	slot    *slot
	link    transport.LinkID
	channel transport.Channel
	data    []byte
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put queues frames of one transport, in order. Chunk frames beyond the bound are dropped.
func (in *inbox) put(s *slot, frames []transport.Received) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return
	}
	for _, f := range frames {
		if len(in.frames) >= maxFrames && (f.Channel == transport.Chunk || len(in.frames) >= maxPosts) {
			in.dropped++
			continue
		}
		in.frames = append(in.frames, arrival{slot: s, link: f.Link, channel: f.Channel, data: f.Data})
	}
	in.signal()
}

// post queues a call for the loop and reports whether it was taken.
func (in *inbox) post(f func()) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed || len(in.posts) >= maxPosts {
		in.dropped++
		return false
	}
	in.posts = append(in.posts, f)
	in.signal()
	return true
}

func (in *inbox) signal() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

// take hands over all that waits; the slices passed in are used for what comes next.
func (in *inbox) take(frames []arrival, posts []func()) ([]arrival, []func()) {
	clear(frames)
	clear(posts)
	in.mu.Lock()
	defer in.mu.Unlock()
	f, p := in.frames, in.posts
	in.frames, in.posts = frames[:0], posts[:0]
	return f, p
}

// close refuses what comes from now on.
func (in *inbox) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
}

// slotSink queues what a transport reports. Up and Down are posts and frames are not, so a frame is looked up
// by its link when the loop comes to it, and the loop takes posts first: a frame is never before its Up.
type slotSink struct {
	node *Node
	slot *slot
}

func (s slotSink) Received(frames []transport.Received) { s.node.inbox.put(s.slot, frames) }

func (s slotSink) Listening(addresses []swarm.Address) {
	list := append([]swarm.Address(nil), addresses...)
	s.node.inbox.post(func() { s.node.listening(s.slot, list) })
}

func (s slotSink) Event(e transport.Event) {
	s.node.inbox.post(func() { s.node.transportEvent(s.slot, e) })
}
