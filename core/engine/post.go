package engine

import "github.com/shoal-live/shoal/core/swarm"

// A packet costs more than what most messages say. So what a link is told within one Ready goes as one frame, and with it what it
// would be told soon in any case.

// post is the last frame for a link, which further messages are added to until the next Ready.
type post struct {
	number uint64 // one more than Engine.posts, of the Ready that it leaves with; 0 for none
	at     int    // in Ready.Control
}

// sendFrame puts a frame of one message among the control frames for l, in order. It may go to others too.
func (e *Engine) sendFrame(l *link, frame []byte) {
	if l.post.number == e.posts+1 && e.bundle(&e.out.Control[l.post.at], frame) {
		return
	}
	l.post = post{number: e.posts + 1, at: len(e.out.Control)}
	e.out.Control = append(e.out.Control, ControlSend{Link: l.id, Frame: frame})
}

// bundle adds the message of a frame to another frame; false where that has no room.
func (e *Engine) bundle(to *ControlSend, frame []byte) bool {
	const lengths = 2 + 2 + 1 // of two parts, and the type
	if len(to.Frame)+len(frame)+lengths > swarm.MostBundle {
		return false
	}
	_, first, _ := swarm.SplitIndex(to.Frame)
	_, rest, _ := swarm.SplitIndex(frame)
	switch swarm.Type(first[0]) {
	case swarm.TypeHello:
		return false
	case swarm.TypeBundle: // made here, and nobody else's
		to.Frame = swarm.AppendPart(to.Frame, rest)
	default:
		b := make([]byte, 0, len(to.Frame)+len(frame)+lengths)
		to.Frame = swarm.AppendPart(swarm.AppendPart(swarm.AppendBundle(b, e.cfg.Index), first), rest)
	}
	return true
}

// ride adds to the frames that leave what their links would be told soon. What is held is not among it: announced at odd times, more
// of it would be asked for that is on its way.
func (e *Engine) ride() {
	for i := range len(e.out.Control) {
		c := &e.out.Control[i]
		l := e.link(c.Link)
		if l == nil || !l.up || l.post.at != i || len(c.Frame) > swarm.MostBundle/2 { // a further frame would have to be made
			continue
		}
		if l.told.revision != e.self.revision && l.told.at+statusRide <= e.now {
			e.tellStatus(l)
		}
		if in := &l.in; in.receipts > 0 && in.chunks != in.told && e.now-in.toldAt >= receiptRide {
			e.tellReceipt(l)
		}
	}
}

// closePost counts the frames that leave.
func (e *Engine) closePost() {
	e.posts++
	for i := range e.out.Control {
		e.count.Sent.ControlBytes += uint64(len(e.out.Control[i].Frame) + e.cfg.Overhead)
	}
}
