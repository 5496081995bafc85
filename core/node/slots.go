package node

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

const (
	restartFirst = 100 * time.Millisecond // before a dead transport, egress or ingest is started again
	restartMost  = 5 * time.Second
	restartReset = time.Second     // of health, after which the back-off begins anew
	dialPatience = 3 * time.Second // a dial waits for a transport that is being restarted
	heldPatience = 3 * time.Second // for an address at the start: the process of a node that was killed may hold it for 2 s
)

// slot is the place of one transport in a node; the transport in it may die and be started again.
type slot struct {
	source    TransportSource
	stop      context.CancelFunc
	needed    bool                // the node ends when it cannot bind
	bound     chan struct{}       // closed when it listens for the first time
	failed    chan error          // holds why its first life ended
	done      chan struct{}       // closed when it has ended for good
	leaving   bool                // another takes its place: nothing new begins on it
	current   transport.Transport // nil while there is none
	caps      transport.Capabilities
	addresses []swarm.Address
	outside   []swarm.Address // as STUN servers see it
	links     map[transport.LinkID]*link
	newcomers map[transport.LinkID]newcomer
	waiting   []waitingDial
	lost      []lostLink // of late, oldest first
	meter     usage
}

func newSlot(source TransportSource) *slot {
	return &slot{
		source: source, links: make(map[transport.LinkID]*link), newcomers: make(map[transport.LinkID]newcomer),
		bound: make(chan struct{}), failed: make(chan error, 1), done: make(chan struct{}),
	}
}

// startSlot keeps a transport running in s until s.stop is called or the node has ended. It runs on the loop, or before it.
func (n *Node) startSlot(s *slot) {
	ctx, stop := context.WithCancel(n.carrying)
	s.stop = stop
	n.carriers.Go(func() {
		defer close(s.done)
		defer stop()
		n.runSlot(ctx, s)
	})
}

// lostLink is a link that went down, and those who took part in it.
type lostLink struct {
	link *link
	at   time.Duration
}

// lostWith is how long before its end a transport may have reported the links that ended with it.
const lostWith = 200 * time.Millisecond

// losing remembers a link that goes down, in case its transport is what ends.
func (n *Node) losing(l *link) {
	s, now := l.slot, n.now()
	s.lost = slices.DeleteFunc(s.lost, func(o lostLink) bool { return now-o.at > lostWith })
	s.lost = append(s.lost, lostLink{l, now})
}

// waitingDial is a dial for a transport that is not up yet.
type waitingDial struct {
	candidate swarm.Candidate
	until     time.Duration
}

// backoff is a delay that doubles from restartFirst to restartMost. After restartReset of health it begins anew, with a try at
// once: what has lived that long did not die of what it was started with, and viewers wait.
type backoff struct{ next time.Duration }

// after is the delay before the next try, when the last one lived for healthy.
func (b *backoff) after(healthy time.Duration) time.Duration {
	if healthy >= restartReset {
		b.next = restartFirst
		return 0
	}
	if b.next == 0 {
		b.next = restartFirst
	}
	d := b.next
	b.next = min(2*b.next, restartMost)
	return d
}

// wait sleeps for d or until ctx ends, and reports whether ctx is still alive.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// runSlot keeps a transport running in s until ctx ends, or its address turns out to be another's: then the node
// ends. It is a goroutine of its own.
func (n *Node) runSlot(ctx context.Context, s *slot) {
	var b backoff
	first := time.Now()
	for ctx.Err() == nil {
		began := time.Now()
		t, err := s.source.Start(ctx)
		if err == nil {
			n.inbox.post(func() { n.transportStarted(s, t) })
			err = t.Run(ctx, slotSink{node: n, slot: s})
			n.inbox.post(func() { n.transportEnded(s, t) })
		}
		if ctx.Err() != nil {
			return
		}
		select {
		case s.failed <- err:
		default:
		}
		if s.needed && errors.Is(err, transport.ErrAddress) && !s.hasBound() && time.Since(first) > heldPatience {
			n.stop(err)
			return
		}
		d := b.after(time.Since(began))
		n.cfg.Log.Error("transport ended", "transport", s.source.Name, "error", err, "retry", d)
		n.fail(s.source.Name, err)
		if !wait(ctx, d) {
			return
		}
	}
}

func (s *slot) hasBound() bool {
	select {
	case <-s.bound:
		return true
	default:
		return false
	}
}

func (n *Node) transportStarted(s *slot, t transport.Transport) {
	s.current, s.caps = t, t.Capabilities()
	s.meter.restart()
}

// transportEnded downs the links of a transport that is gone, and has the next life of the slot dial the peers at
// their other ends, where they were seen. Those notice an end by its silence alone, which would take longer.
func (n *Node) transportEnded(s *slot, t transport.Transport) {
	if s.current == t {
		s.current, s.addresses, s.outside = nil, nil, nil
	}
	clear(s.newcomers)
	for _, number := range slices.Sorted(maps.Keys(s.links)) {
		n.connectionEnded(place{s, number}, errEnded)
	}
	n.dialsFailed(s, "transport ended")
	s.waiting = nil // those among them that it was not asked for yet
	lost := s.lost
	s.lost = nil
	for _, o := range lost {
		for _, st := range o.link.streams {
			if !st.left && n.now()-o.at <= lostWith {
				n.dial(st, swarm.Candidate{Peer: o.link.peer, Addresses: []swarm.Address{o.link.address}})
			}
		}
	}
	n.redial(s)
}

// errEnded is why a link is lost that a transport has not reported down before its end.
var errEnded = errors.New("transport ended")

// listening takes the addresses of a transport that has bound, tells every rendezvous, and makes the dials that waited.
func (n *Node) listening(s *slot, addresses []swarm.Address) {
	s.addresses = addresses
	select {
	case <-s.bound:
	default:
		close(s.bound)
	}
	n.tellAddresses()
	if s.current != nil && len(n.mirrors) > 0 {
		s.current.Punch(n.mirrors, 0)
	}
	n.signalReady()
	waiting := s.waiting
	s.waiting = nil
	for _, w := range waiting {
		if w.until < n.now() {
			n.dialFailed(s, w.candidate.Peer, "the transport was away for too long")
			continue
		}
		n.dialOn(s, w.candidate)
	}
}

// tellAddresses tells everybody at which addresses this node can be dialed.
func (n *Node) tellAddresses() {
	all := n.addresses()
	n.published.Store(&all)
	for _, st := range n.streams {
		if st.cfg.Rendezvous != nil {
			st.cfg.Rendezvous.Reachable(all)
		}
	}
}

// addresses are those of all slots but for those that leave, in order: at each, where it is seen from outside comes first.
func (n *Node) addresses() []swarm.Address {
	var all []swarm.Address
	for _, s := range n.slots {
		if !s.leaving {
			all = append(append(all, s.outside...), s.addresses...)
		}
	}
	return all[:min(len(all), swarm.MaxAddresses)]
}

// punch has every transport open NATs. STUN servers among the addresses are remembered, for transports that start later.
func (n *Node) punch(addresses []swarm.Address, delay time.Duration) {
	stun := slices.DeleteFunc(slices.Clone(addresses), func(a swarm.Address) bool { return !strings.HasPrefix(string(a), "stun:") })
	if len(stun) > 0 {
		n.mirrors = stun
	}
	for _, s := range n.slots {
		if s.current != nil {
			s.current.Punch(addresses, delay)
		}
	}
}

// dialOn dials a candidate on one slot, now or once its transport is up.
func (n *Node) dialOn(s *slot, c swarm.Candidate) {
	if s.current == nil || len(s.addresses) == 0 {
		s.waiting = append(s.waiting, waitingDial{candidate: c, until: n.now() + dialPatience})
		return
	}
	if err := s.current.Dial(c.Peer, c.Addresses); err != nil {
		n.dialFailed(s, c.Peer, err.Error())
	}
}

// suits reports whether one of the addresses is of the slot's scheme.
func (s *slot) suits(addresses []swarm.Address) bool {
	if s.leaving {
		return false
	}
	if s.caps.Scheme == "" {
		return true // not started yet: it will say itself
	}
	for _, a := range addresses {
		if len(a) > len(s.caps.Scheme) && string(a[:len(s.caps.Scheme)]) == s.caps.Scheme && a[len(s.caps.Scheme)] == ':' {
			return true
		}
	}
	return false
}
