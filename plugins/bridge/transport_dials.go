package bridge

import (
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// dials are those that the plugin has not answered, and those whose outcome is not in. The owner locks.
type dials struct {
	asked   map[uint64]*dial
	pending map[swarm.PeerID]int // accepted, neither up nor failed
	number  uint64
	unheard bool // one was not answered in time: none is waited for until an answer comes
}

// dial is one that the plugin has not answered yet.
type dial struct {
	number uint64
	peer   swarm.PeerID
	answer chan error // holds one
	left   bool       // nobody waits: a failure is reported
}

func newDials() dials {
	return dials{asked: map[uint64]*dial{}, pending: map[swarm.PeerID]int{}}
}

// begin numbers a dial, and tells whether its answer is worth waiting for.
func (d *dials) begin(peer swarm.PeerID) (*dial, bool) {
	d.number++
	one := &dial{number: d.number, peer: peer, answer: make(chan error, 1)}
	d.asked[one.number] = one
	d.pending[peer]++
	return one, !d.unheard
}

// forget takes a dial back.
func (d *dials) forget(one *dial) {
	delete(d.asked, one.number)
	d.outcome(one.peer)
}

// leave stops waiting for an answer; it is given if it came meanwhile.
func (d *dials) leave(one *dial) error {
	select {
	case err := <-one.answer:
		return err
	default:
	}
	one.left, d.unheard = true, true
	return nil
}

// answered takes the plugin's answer, and tells whether a failure is to be reported. ok is false for a dial that was
// never asked for.
func (d *dials) answered(number uint64, err error) (peer swarm.PeerID, report, ok bool) {
	one := d.asked[number]
	if one == nil {
		return peer, false, false
	}
	d.unheard = false
	delete(d.asked, number)
	if err != nil {
		d.outcome(one.peer)
	}
	if one.left {
		return one.peer, err != nil, true
	}
	one.answer <- err
	return one.peer, false, true
}

// outcome accounts for an Up or DialFailed.
func (d *dials) outcome(peer swarm.PeerID) {
	if d.pending[peer]--; d.pending[peer] <= 0 {
		delete(d.pending, peer)
	}
}

// close answers those who wait, and lists the peers whose outcome nobody will tell any more.
func (d *dials) close() []swarm.PeerID {
	for _, one := range d.asked { // order-free: each on its own
		if !one.left {
			one.answer <- transport.ErrClosed
			d.outcome(one.peer)
		}
	}
	clear(d.asked)
	var left []swarm.PeerID
	for peer, n := range d.pending { // order-free: the dials of peers have no order among them
		for range n {
			left = append(left, peer)
		}
	}
	clear(d.pending)
	return left
}
