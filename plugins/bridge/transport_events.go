package bridge

import (
	"fmt"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/transport"
)

// handle takes what one read brought, in order: runs of received frames in one call of the sink.
func (t *transportClient) handle(batch [][]byte) (*ending, error) {
	defer func() {
		t.deliver()
		clear(t.frames[:cap(t.frames)])
	}()
	for _, msg := range batch {
		if inner, ok := unwrap(msg, fieldReceived); ok {
			if err := t.received(inner); err != nil {
				return nil, err
			}
			continue
		}
		t.deliver()
		m, err := decode(msg, &pb.CarryResponse{})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		if m, ok := m.GetResponse().(*pb.CarryResponse_Ended); ok {
			return &ending{failure: m.Ended.GetFailure()}, nil
		}
		if err := t.event(m); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
	}
	return nil, nil
}

// received collects a frame. One that is for no link is passed over: the link may have gone down here first.
func (t *transportClient) received(inner []byte) error {
	r, err := decodeReceived(inner)
	if err != nil {
		return fmt.Errorf("%w: received frame: %w", ErrProtocol, err)
	}
	if t.links[r.Link] == nil { // only this goroutine changes links
		return nil
	}
	t.frames = append(t.frames, r)
	return nil
}

// deliver gives the sink the frames collected.
func (t *transportClient) deliver() {
	if len(t.frames) > 0 {
		t.sink.Received(t.frames)
		t.frames = t.frames[:0]
	}
}

// event takes anything else. Errors: what the contract does not allow.
func (t *transportClient) event(m *pb.CarryResponse) error {
	switch m := m.GetResponse().(type) {
	case *pb.CarryResponse_Listening:
		t.sink.Listening(addressesOf(m.Listening.GetAddresses()))
	case *pb.CarryResponse_Up:
		return t.up(m.Up)
	case *pb.CarryResponse_Down:
		id := transport.LinkID(m.Down.GetLink())
		if t.links[id] == nil {
			return fmt.Errorf("down of link %d, which is not up", id)
		}
		cause := errorOf(m.Down.GetCause())
		if cause == nil {
			cause = transport.ErrClosed
		}
		t.down(id, cause)
	case *pb.CarryResponse_DialFailed:
		peer, err := peerOf(m.DialFailed.GetPeer())
		if err != nil {
			return err
		}
		t.mu.Lock()
		t.dials.outcome(peer)
		t.mu.Unlock()
		t.sink.Event(transport.DialFailed{Peer: peer, Cause: errorOf(orFailure(m.DialFailed.GetCause()))})
	case *pb.CarryResponse_Dialed:
		return t.answered(m.Dialed)
	case *pb.CarryResponse_ControlTaken:
		t.controlTaken(m.ControlTaken)
	case *pb.CarryResponse_Writable:
		t.sink.Event(transport.Writable{Links: linksOf(m.Writable.GetLinks())})
	case *pb.CarryResponse_Full:
		if id := transport.LinkID(m.Full.GetLink()); t.links[id] != nil {
			t.sink.Event(transport.Full{Link: id, Token: m.Full.GetToken()})
		}
	case *pb.CarryResponse_Measured:
		if id := transport.LinkID(m.Measured.GetLink()); t.links[id] != nil {
			t.sink.Event(transport.Measured{
				Link: id, RTT: durationOf(m.Measured.GetRtt()), Lost: m.Measured.GetLost(), MaxChunk: int(m.Measured.GetMaxChunk()),
			})
			t.mu.Lock()
			t.links[id].maxChunk = int(m.Measured.GetMaxChunk())
			t.mu.Unlock()
		}
	case *pb.CarryResponse_Usage:
		t.sink.Event(transport.Usage{Sent: m.Usage.GetSent(), Received: m.Usage.GetReceived()})
	case *pb.CarryResponse_Signal:
		peer, err := peerOf(m.Signal.GetPeer())
		if err != nil {
			return err
		}
		t.sink.Event(transport.SignalOut{Peer: peer, Data: m.Signal.GetData()})
	case *pb.CarryResponse_Observed:
		t.sink.Event(transport.Observed{Addresses: addressesOf(m.Observed.GetAddresses())})
	default:
		return fmt.Errorf("%w: a response that is not known or not due", errWire)
	}
	return nil
}

// up takes a link. Numbers are never used again, though two links may come up in either order.
func (t *transportClient) up(m *pb.UpEvent) error {
	peer, err := peerOf(m.GetPeer())
	if err != nil {
		return err
	}
	id := transport.LinkID(m.GetLink())
	if id == 0 || t.links[id] != nil {
		return fmt.Errorf("link %d is up already", id)
	}
	if len(t.links) >= maxLinks {
		return fmt.Errorf("link %d is one more than the %d that may be up", id, maxLinks)
	}
	t.mu.Lock()
	t.links[id] = &clientLink{maxChunk: int(m.GetMaxChunk())}
	if m.GetDialed() {
		t.dials.outcome(peer)
	}
	t.mu.Unlock()
	t.sink.Event(transport.Up{
		Link: id, Peer: peer, Dialed: m.GetDialed(), MaxChunk: int(m.GetMaxChunk()),
		Address: firstAddress(m.GetAddress()), Observed: firstAddress(m.GetObserved()),
	})
	return nil
}

// answered takes the answer to a dial.
func (t *transportClient) answered(m *pb.DialedEvent) error {
	err := errorOf(m.GetFailure())
	t.mu.Lock()
	peer, report, ok := t.dials.answered(m.GetNumber(), err)
	t.mu.Unlock()
	if !ok {
		return fmt.Errorf("the answer to dial %d, which was not asked for", m.GetNumber())
	}
	if report {
		t.sink.Event(transport.DialFailed{Peer: peer, Cause: err})
	}
	return nil
}

// controlTaken gives room back to a link.
func (t *transportClient) controlTaken(m *pb.ControlTakenEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.links[transport.LinkID(m.GetLink())]; l != nil {
		l.waiting = max(0, l.waiting-int(min(m.GetBytes(), controlBacklog)))
	}
}
