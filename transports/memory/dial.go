package memory

import (
	"fmt"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// dial is one Dial that has no outcome yet.
type dial struct {
	from *endpoint
	peer swarm.PeerID
}

// Dial opens a link to peer. It takes two round trips, as a handshake does.
func (e *endpoint) Dial(peer swarm.PeerID, addresses []swarm.Address) error {
	n := e.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.state != running {
		return transport.ErrClosed
	}
	var names []string
	for _, a := range addresses {
		if name, ok := strings.CutPrefix(string(a), scheme+":"); ok && name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("transports/memory: %w: none of %q is of scheme %s", transport.ErrAddress, addresses, scheme)
	}
	d := &dial{from: e, peer: peer}
	e.dials[d] = struct{}{}
	e.count(handshakeSize, 0)
	now := time.Now()
	e.plan(now.Add(dialTimeout), func() report {
		return d.fail(fmt.Errorf("%w: no answer from %q", transport.ErrTimeout, names))
	})
	if e.isolated {
		return nil
	}
	var wrong *endpoint
	for _, name := range names {
		switch to := n.endpoints[name]; {
		case to == nil || to.isolated:
		case to.id == peer:
			at := now.Add(3 * n.latency())
			to.plan(at, func() report { return d.arrive(to, at) })
			return nil
		default:
			wrong = to
		}
	}
	if wrong != nil {
		e.plan(now.Add(2*n.latency()), func() report {
			return d.fail(fmt.Errorf("%w: %q is not peer %s", transport.ErrIdentity, wrong.name, peer))
		})
	}
	return nil
}

// fail is the outcome of a dial that has none yet.
func (d *dial) fail(cause error) report {
	if _, open := d.from.dials[d]; !open {
		return nil
	}
	delete(d.from.dials, d)
	return func(s transport.Sink) { s.Event(transport.DialFailed{Peer: d.peer, Cause: cause}) }
}

// arrive makes the link when the dial reaches its end. The other end comes up one way later.
func (d *dial) arrive(to *endpoint, at time.Time) report {
	from := d.from
	if _, open := from.dials[d]; !open || from.state != running || from.isolated || to.isolated {
		return nil
	}
	delete(from.dials, d)
	there := to.newHalf(from.id)
	here := from.newHalf(to.id)
	here.other, there.other = there, here
	there.upAt, here.upAt = at, at.Add(to.net.latency())
	here.dial = d
	to.count(handshakeSize, handshakeSize)
	from.count(0, handshakeSize)
	from.plan(here.upAt, func() report { return here.comeUp() })
	return there.comeUp()
}
