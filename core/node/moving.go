package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

const (
	bindPatience = 10 * time.Second       // for a transport to listen
	movePatience = 5 * time.Second        // for links to come up on it
	moveEvery    = 20 * time.Millisecond  // between two links, so that handshakes do not come all at once
	moveLinger   = 500 * time.Millisecond // for what is under way on the old connections
)

// SetTransport puts another transport in the place of the one called name, and returns once that one has ended. Make
// before break: the other listens first; then every link goes over to it, one after the other, and its streams do not
// notice (see handover.go); links that cannot go over in time begin anew. Where the other cannot bind its address,
// which the one that is there may hold, it starts after that has ended. Where it does not start, the one that was there stays.
// Errors: ErrConfig when there is no transport of that name; ErrTransport, with why it does not start; ErrClosed; ctx's.
func (n *Node) SetTransport(ctx context.Context, name string, source TransportSource) error {
	var old *slot
	if err := n.call(func() {
		i := slices.IndexFunc(n.slots, func(s *slot) bool { return s.source.Name == name && !s.leaving })
		if i >= 0 {
			old = n.slots[i]
			old.leaving = true
		}
	}); err != nil {
		return err
	}
	if old == nil {
		return fmt.Errorf("%w: no transport %q runs here", ErrConfig, name)
	}
	next, err := n.try(ctx, source)
	if err == nil {
		n.move(ctx, old, next)
		return n.retire(old)
	}
	if !errors.Is(err, transport.ErrAddress) {
		_ = n.call(func() { old.leaving = false }) // it stays
		return err
	}
	n.cfg.Log.Warn("transport cannot bind beside the one that runs: it is tried alone", "transport", source.Name, "error", err)
	if err = n.follow(ctx, old, source); err == nil {
		return nil
	}
	if _, e := n.try(context.WithoutCancel(ctx), old.source); e != nil {
		n.cfg.Log.Error("the transport before does not start again", "transport", old.source.Name, "error", e)
		_ = n.call(func() { n.addSlot(old.source) }) // and is tried on
	}
	return err
}

// follow ends old and starts a transport in its place, which the peers of its links are dialed on as soon as it listens.
func (n *Node) follow(ctx context.Context, old *slot, source TransportSource) error {
	after := TransportSource{Name: source.Name, Start: func(ctx context.Context) (transport.Transport, error) {
		select {
		case <-old.done:
			return source.Start(ctx)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	var next *slot
	if err := n.call(func() { next = n.addSlot(after) }); err != nil { // so that their dials find it
		return err
	}
	if err := n.retire(old); err != nil {
		return err
	}
	_, err := n.listens(ctx, next)
	return err
}

// try starts a transport and waits until it listens. One that does not is ended.
func (n *Node) try(ctx context.Context, source TransportSource) (s *slot, err error) {
	if err := n.call(func() { s = n.addSlot(source) }); err != nil {
		return nil, err
	}
	return n.listens(ctx, s)
}

// listens waits until a transport listens. One that does not is ended.
func (n *Node) listens(ctx context.Context, s *slot) (_ *slot, err error) {
	patience := time.NewTimer(bindPatience)
	defer patience.Stop()
	select {
	case <-s.bound:
		return s, nil
	case err = <-s.failed:
	case <-patience.C:
		err = fmt.Errorf("it does not listen after %v", bindPatience)
	case <-n.ended:
		return nil, ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	if e := n.retire(s); e != nil {
		return nil, e
	}
	return nil, fmt.Errorf("%w: %s: %w", ErrTransport, s.source.Name, err)
}

func (n *Node) addSlot(source TransportSource) *slot {
	s := newSlot(source)
	n.slots = append(n.slots, s)
	n.startSlot(s)
	return s
}

// retire ends a transport and forgets it.
func (n *Node) retire(s *slot) error {
	if err := n.call(func() { s.leaving = true; s.stop() }); err != nil {
		return err
	}
	<-s.done // what it posted last is before what follows
	return n.call(func() {
		n.past.Sent += s.meter.Sent
		n.past.Received += s.meter.Received
		n.dialsFailed(s, "its transport has left")
		n.slots = slices.DeleteFunc(n.slots, func(o *slot) bool { return o == s })
		n.retreat(s)
		n.tellAddresses()
	})
}

// move has the neighbours of old linked over next, until all are or patience ends. Those whose address is of another
// scheme are dialed when the rendezvous has told their others.
func (n *Node) move(ctx context.Context, old, next *slot) {
	asked := make(map[swarm.LinkID]bool)
	left := 1
	if n.call(func() {
		n.tellAddresses()
		for _, st := range n.streams {
			if st.cfg.Rendezvous != nil {
				st.cfg.Rendezvous.Introduce(swarm.MaxCandidates)
			}
		}
	}) != nil {
		return
	}
	patience := time.NewTimer(movePatience)
	defer patience.Stop()
	tick := time.NewTicker(moveEvery)
	defer tick.Stop()
	for left > 0 {
		if n.call(func() {
			left = 0
			for _, l := range n.linksOf(old) {
				if l.slot != old && l.move == nil {
					continue // it has gone over
				}
				left++
				if !asked[l.id] {
					asked[l.id] = true
					next.link(l.peer, []swarm.Address{l.address})
					break
				}
			}
		}) != nil {
			return
		}
		select {
		case <-tick.C:
		case <-patience.C:
			n.cfg.Log.Warn("links stay behind as their transport leaves", "transport", old.source.Name, "links", left)
			return
		case <-n.ended:
			return
		case <-ctx.Done():
			return
		}
	}
	linger := time.NewTimer(moveLinger)
	defer linger.Stop()
	select {
	case <-linger.C:
	case <-n.ended:
	case <-ctx.Done():
	}
}

// moveTo dials those candidates whose link's transport leaves.
func (n *Node) moveTo(candidates []swarm.Candidate) {
	for _, c := range candidates {
		l := n.peers[c.Peer]
		if l == nil || !l.slot.leaving {
			continue
		}
		for _, s := range n.slots {
			if !s.suits([]swarm.Address{l.address}) { // else it was dialed there
				s.link(c.Peer, c.Addresses)
			}
		}
	}
}

// link dials a peer over s for the streams that its present link is for, where an address suits. That it fails harms nobody.
func (s *slot) link(peer swarm.PeerID, addresses []swarm.Address) {
	if s.current != nil && s.suits(addresses) {
		_ = s.current.Dial(peer, addresses) // the present link stays until it ends
	}
}

// SetUplink changes the cap of all that leaves, in bytes per second, 0 for none; the promise holds for every second
// that begins afterwards. Errors: what the budget answers, naming the limits, and nothing is changed then; ErrClosed.
func (n *Node) SetUplink(limit uint64) error {
	var err error
	if e := n.call(func() {
		if err = n.budget.SetCap(n.now(), limit); err == nil {
			n.cfg.Uplink = limit
		}
	}); e != nil {
		return e
	}
	return err
}

// SetWeight changes a stream's weight on the uplink, 1 to 1000. Errors: ErrConfig, ErrUnknownStream, ErrClosed.
func (n *Node) SetWeight(name string, weight int) error {
	if weight < 1 || weight > 1000 {
		return fmt.Errorf("%w: stream %q: Weight %d is not in 1..1000", ErrConfig, name, weight)
	}
	err := ErrUnknownStream
	if e := n.call(func() {
		if st := n.named(name); st != nil {
			st.cfg.Weight, err = weight, nil
			st.share.SetWeight(weight)
		}
	}); e != nil {
		return e
	}
	return err
}
