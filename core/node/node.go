package node

import (
	"context"
	"crypto/ed25519"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// sweepEvery is how often idle links, bans and statistics are looked at.
const sweepEvery = 500 * time.Millisecond

// Node is one peer: its links, and its part in any number of streams. Its methods may be called by several
// goroutines at once.
type Node struct {
	cfg   Config
	self  swarm.PeerID
	start time.Time
	inbox *inbox

	published atomic.Pointer[[]swarm.Address]
	ready     chan struct{} // closed once every transport listens
	readyOnce sync.Once
	ended     chan struct{}
	group     sync.WaitGroup          // everything that Run and its streams started
	carrying  context.Context         // of transports; ends once every stream has said goodbye
	carriers  sync.WaitGroup          // that run transports
	stop      context.CancelCauseFunc // ends Run with an error

	// What follows belongs to the loop.
	runCtx       context.Context
	budget       *budget.Allocator
	slots        []*slot
	dials        Dials
	mirrors      []swarm.Address // STUN servers, for transports that start later
	links        map[swarm.LinkID]*link
	peers        map[swarm.PeerID]*link
	wanted       map[swarm.PeerID]*wanted
	bans         map[swarm.PeerID]time.Duration
	streams      []*stream
	byStream     map[chunk.StreamID]*stream
	publications map[string]*publication // by the stream's name
	touched      []*stream
	lastLink     swarm.LinkID
	lastIdx      uint64
	egress       meter
	past         usage // of transports that another has taken the place of
	granted      granted
	tokens       tokens
	nextBeat     time.Duration
	frames       []transport.Frame // scratch
}

// New makes a node. Errors: ErrConfig, naming the field.
func New(cfg Config) (*Node, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	b, err := budget.New(budget.Config{Cap: cfg.Uplink})
	if err != nil {
		return nil, err
	}
	n := &Node{
		cfg:          cfg,
		start:        time.Now(),
		inbox:        newInbox(),
		ready:        make(chan struct{}),
		ended:        make(chan struct{}),
		budget:       b,
		links:        make(map[swarm.LinkID]*link),
		peers:        make(map[swarm.PeerID]*link),
		wanted:       make(map[swarm.PeerID]*wanted),
		bans:         make(map[swarm.PeerID]time.Duration),
		byStream:     make(map[chunk.StreamID]*stream),
		publications: make(map[string]*publication),
	}
	copy(n.self[:], cfg.Identity.Public().(ed25519.PublicKey))
	for _, t := range cfg.Transports {
		n.slots = append(n.slots, newSlot(t))
	}
	n.published.Store(&[]swarm.Address{})
	return n, nil
}

// Self is the node's identity on every link.
func (n *Node) Self() swarm.PeerID { return n.self }

// Addresses are those at which the node can be dialed; none before a transport listens.
func (n *Node) Addresses() []swarm.Address { return *n.published.Load() }

// Ready is closed once every transport listens.
func (n *Node) Ready() <-chan struct{} { return n.ready }

func (n *Node) signalReady() {
	for _, s := range n.slots {
		if len(s.addresses) == 0 {
			return
		}
	}
	n.readyOnce.Do(func() { close(n.ready) })
}

func (n *Node) now() time.Duration { return time.Since(n.start) }

// at turns the engines' time into the clock's.
func (n *Node) at(t time.Duration) time.Time { return n.start.Add(t) }

// Run carries the node until ctx ends, says goodbye on every stream, and returns when everything that it
// started has ended. It is called once. The error is nil when ctx ended, and a transport.ErrAddress when an address of a
// transport could not be bound within 3 s.
func (n *Node) Run(ctx context.Context) error {
	outer := ctx
	ctx, n.stop = context.WithCancelCause(ctx)
	defer n.stop(nil)
	transports, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	streams, stopStreams := context.WithCancel(ctx)
	defer stopStreams()
	n.runCtx, n.carrying = streams, transports
	for _, s := range n.slots {
		s.needed = true
		n.startSlot(s)
	}
	n.loop(ctx)
	n.farewell()
	n.inbox.close()
	close(n.ended)
	stopStreams()
	n.group.Wait()
	stop()
	n.carriers.Wait()
	if outer.Err() != nil {
		return nil
	}
	return context.Cause(ctx)
}

// loop is the one goroutine on which engines run.
func (n *Node) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var frames []arrival
	var posts []func()
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.inbox.wake:
		case <-timer.C:
		}
		frames, posts = n.inbox.take(frames, posts)
		for _, p := range posts {
			p()
		}
		for i := range frames {
			n.arrived(&frames[i])
		}
		timer.Reset(n.settle())
	}
}

// settle runs every engine that was touched or is due until it wants nothing more, and answers how long the
// loop may sleep.
func (n *Node) settle() time.Duration {
	now := n.now()
	if now >= n.nextBeat {
		n.nextBeat = now + sweepEvery
		n.beat()
	}
	next := n.nextBeat
	for _, st := range n.streams {
		if st.talk.deadline <= now {
			n.late(st, "no answer within "+scheduler.Patience.String())
		}
		if st.wake <= now {
			n.touch(st)
			st.engine.Tick(now)
		}
	}
	for len(n.touched) > 0 {
		st := n.touched[len(n.touched)-1]
		n.touched = n.touched[:len(n.touched)-1]
		st.touched = false
		if !st.left {
			n.advance(st)
		}
	}
	for _, st := range n.streams {
		next = min(next, st.wake, st.outputsDue(now), st.talk.deadline)
	}
	return max(next-n.now(), 0)
}

// touch marks a stream whose engine has had an input.
func (n *Node) touch(st *stream) {
	if !st.touched {
		st.touched = true
		n.touched = append(n.touched, st)
	}
}

// beat does what is done now and then.
func (n *Node) beat() {
	n.sweepLinks()
	for _, st := range n.streams {
		n.reportUp(st)
	}
}

// farewell says goodbye for every stream, and gives the transports a moment to carry it.
func (n *Node) farewell() {
	for _, st := range n.streams {
		st.engine.Leave(n.now())
		n.carry(st, st.engine.Ready(n.now()))
	}
	if len(n.links) > 0 {
		wait(context.Background(), farewellGrace)
	}
}

// farewellGrace is what the last control frames have to leave.
const farewellGrace = 20 * time.Millisecond

// call runs f on the loop and waits for it. Errors: ErrClosed.
func (n *Node) call(f func()) error {
	done := make(chan struct{})
	if !n.inbox.post(func() { f(); close(done) }) {
		return ErrClosed
	}
	select {
	case <-done:
		return nil
	case <-n.ended:
		return ErrClosed
	}
}
