package bridge

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// post queues a message for the plugin. Errors: transport.ErrClosed; transport.ErrFull when the plugin has read
// nothing for so long that pipe.PostLimit is reached.
func (t *transportClient) post(m *pb.CarryRequest) error {
	err := t.out.Post(encode(m))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pipe.ErrStalled):
		return fmt.Errorf("%w: %w", transport.ErrFull, err)
	}
	return transport.ErrClosed
}

// Dial asks the plugin, and waits a little for its answer. When that comes later, a failure is reported as DialFailed.
// Addresses none of which is of the plugin's scheme are refused here.
func (t *transportClient) Dial(peer swarm.PeerID, addresses []swarm.Address) error {
	if !slices.ContainsFunc(addresses, func(a swarm.Address) bool { return strings.HasPrefix(string(a), t.caps.Scheme+":") }) {
		return fmt.Errorf("%w: none of %q is of scheme %s", transport.ErrAddress, addresses, t.caps.Scheme)
	}
	t.mu.Lock()
	if t.ended {
		t.mu.Unlock()
		return transport.ErrClosed
	}
	d, wait := t.dials.begin(peer)
	t.mu.Unlock()
	if err := t.post(&pb.CarryRequest{Request: &pb.CarryRequest_Dial{Dial: &pb.DialCall{
		Number: d.number, Peer: peer[:], Addresses: textsOf(addresses),
	}}}); err != nil {
		t.mu.Lock()
		t.dials.forget(d)
		t.mu.Unlock()
		return err
	}
	if wait {
		timer := time.NewTimer(dialPatience)
		defer timer.Stop()
		select {
		case err := <-d.answer:
			return err
		case <-timer.C:
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dials.leave(d)
}

// SendControl queues one frame. The room of a link comes back as the plugin takes its frames.
func (t *transportClient) SendControl(link transport.LinkID, frame []byte) error {
	if err := t.reserve(link, len(frame)); err != nil {
		return err
	}
	return t.post(&pb.CarryRequest{Request: &pb.CarryRequest_Control{Control: &pb.ControlCall{Link: uint64(link), Data: frame}}})
}

// reserve takes room on a link for a control frame of size bytes.
func (t *transportClient) reserve(link transport.LinkID, size int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.links[link]
	switch {
	case t.ended:
		return transport.ErrClosed
	case l == nil:
		return fmt.Errorf("control frame for link %d: %w", link, transport.ErrNoLink)
	case size > swarm.MaxControlFrame:
		return fmt.Errorf("control frame of %d bytes, at most %d: %w", size, swarm.MaxControlFrame, transport.ErrTooLong)
	case l.waiting+size > controlBacklog:
		return fmt.Errorf("%d bytes of control frames wait on link %d: %w", l.waiting, link, transport.ErrFull)
	}
	l.waiting += size
	return nil
}

// SendChunks offers frames to the queue. Those that it refuses are reported as Full.
func (t *transportClient) SendChunks(frames []transport.Frame) {
	t.mu.Lock()
	ended := t.ended
	t.mu.Unlock()
	if ended {
		return
	}
	messages := make([]pipe.Message, 0, len(frames))
	index := make([]int, 0, len(frames))
	for i := range frames {
		if f := &frames[i]; len(f.To) > 0 && len(f.To) <= maxTargets && len(f.Data) <= swarm.MaxControlFrame {
			messages = append(messages, encodeChunk(f))
			index = append(index, i)
		}
	}
	refused := index[t.out.Offer(messages):]
	for _, i := range refused {
		t.full.add(&frames[i])
	}
	if len(refused) > 0 && !t.out.Owes() { // there was room again before the links were noted
		t.roomAgain()
	}
}

// Signal passes a signal on.
func (t *transportClient) Signal(peer swarm.PeerID, data []byte) {
	_ = t.post(&pb.CarryRequest{Request: &pb.CarryRequest_Signal{Signal: &pb.SignalCall{Peer: peer[:], Data: data}}}) // unreliable by contract
}

// Punch passes a hint on.
func (t *transportClient) Punch(addresses []swarm.Address, delay time.Duration) {
	_ = t.post(&pb.CarryRequest{Request: &pb.CarryRequest_Punch{Punch: &pb.PunchCall{Addresses: textsOf(addresses), Delay: int64(delay)}}}) // a hint
}

// Close passes the end of a link on.
func (t *transportClient) Close(link transport.LinkID, cause string) {
	_ = t.post(&pb.CarryRequest{Request: &pb.CarryRequest_Close{Close: &pb.CloseCall{Link: uint64(link), Cause: toValid(cause)}}}) // a dead plugin has no links
}
