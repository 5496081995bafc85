package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

func (e *Engine) sayHello(l *link) {
	l.told = telling{revision: e.self.revision, at: e.now}
	e.send(l, &swarm.Hello{
		Version:  swarm.Version,
		Stream:   e.cfg.Stream,
		Role:     e.cfg.Role,
		Epoch:    e.id(),
		MaxLinks: uint32(e.cfg.MaxLinks),
		Status:   e.state(),
	})
}

// hello takes the peer's Hello: from then on the link is up. A second one is out of place.
func (e *Engine) hello(l *link, m *swarm.Hello) {
	switch {
	case l.up || m.Stream != e.cfg.Stream:
		e.wrong(l)
		return
	case m.Version != swarm.Version:
		e.bye(l, swarm.ByeVersion, "speaks another version")
		return
	}
	l.up = true
	l.role, l.epoch, l.maxLinks, l.status = m.Role, m.Epoch, m.MaxLinks, m.Status
	e.change(scheduler.LinkUp{
		Link: l.id, Peer: l.peer, Role: l.role, Dialed: l.dialed, Status: l.status, RTT: l.rtt, MaxLinks: l.maxLinks,
	})
	e.event(event.PeerJoined{Stream: e.cfg.Stream, Peer: l.peer, Role: l.role})
	e.handDescriptor(l)
	e.sayHave(l)
	e.ping(l)
	e.gossip(l)
	e.train(l)
}

// descriptor takes the descriptor of a newer epoch from a neighbour, who proves it by the publisher's signature.
func (e *Engine) descriptor(l *link, m *swarm.DescriptorMessage) {
	err := e.adopt(m.Signed)
	switch {
	case err == nil:
		l.epoch = max(l.epoch, e.id())
	case isStale(err):
		e.handDescriptor(l)
	default:
		e.wrong(l)
	}
}

// Control takes a frame of a link's control channel; it begins at the type, for the host took the index off.
func (e *Engine) Control(now time.Duration, id swarm.LinkID, frame []byte) {
	e.at(now)
	l := e.link(id)
	if l == nil {
		return
	}
	parts, ok := swarm.Unbundle(frame)
	if !ok {
		e.hear(l, frame)
		return
	}
	for len(parts) > 0 && !l.gone {
		part, more, err := swarm.CutPart(parts)
		if err != nil {
			e.wrong(l)
			return
		}
		e.hear(l, part)
		parts = more
	}
}

// hear takes one message.
func (e *Engine) hear(l *link, frame []byte) {
	if !l.serve(e.now) {
		return
	}
	l.hears(e.now)
	if l.up && len(frame) > 0 && swarm.Type(frame[0]) == swarm.TypeHave { // the one that costs
		if swarm.ParseHave(frame, &e.have) != nil {
			e.wrong(l)
			return
		}
		e.neighbourHave(l, &e.have)
		return
	}
	m, err := e.mail.in.Parse(frame)
	if err != nil {
		if !isUnknownType(err) {
			e.wrong(l)
		}
		return
	}
	if h, ok := m.(*swarm.Hello); ok {
		e.hello(l, h)
		return
	}
	if b, ok := m.(*swarm.Bye); ok {
		e.hangup(l, "bye: "+farewell(b.Cause))
		return
	}
	if !l.up {
		e.wrong(l)
		return
	}
	e.message(l, m)
}

// message takes what may only come on a link that is up.
func (e *Engine) message(l *link, m swarm.Message) {
	switch m := m.(type) {
	case *swarm.Status:
		if l.status != *m {
			l.status, l.statusIs = *m, true
		}
	case *swarm.Want:
		e.wanted(l, m)
	case *swarm.Cancel:
		e.cancelled(l, m)
	case *swarm.Deny:
		e.denied(l, m)
	case *swarm.Subscribe:
		e.subscribed(l, m)
	case *swarm.Unsubscribe:
		e.unsubscribed(l, m)
	case *swarm.Peers:
		e.introduced(l, m)
	case *swarm.Ping:
		e.mail.pong = e.clock.pong(e.now, m)
		e.send(l, &e.mail.pong)
		if l.pings.next-e.now <= pingRide {
			e.ping(l)
		}
	case *swarm.Pong:
		e.pong(l, m)
	case *swarm.Receipt:
		e.receipt(l, m)
	case *swarm.DescriptorMessage:
		e.descriptor(l, m)
	case *swarm.Have, *swarm.Hello, *swarm.Bye: // taken by Control
	default: // a chunk has no place on the control channel
		e.wrong(l)
	}
}

// serve reports whether a further message is within the link's allowance.
func (l *link) serve(now time.Duration) bool {
	l.allowance = min(l.allowance+(now-l.allowedAt).Seconds()*controlRate, controlBurst)
	l.allowedAt = now
	if l.allowance < 1 {
		return false
	}
	l.allowance--
	return true
}

// hears takes notice of a sign of life.
func (l *link) hears(now time.Duration) {
	l.heard, l.probes = now, 0
}

func farewell(c swarm.ByeCause) string {
	switch c {
	case swarm.ByeLeaving:
		return "leaves the stream"
	case swarm.ByeFull:
		return "has no room"
	case swarm.ByeVersion:
		return "speaks another version"
	case swarm.ByeUnknown:
		return "does not know the stream"
	case swarm.ByeMisconduct:
		return "accuses us of misconduct"
	case swarm.ByeRewire:
		return "found a better neighbour"
	}
	return "no cause given"
}
