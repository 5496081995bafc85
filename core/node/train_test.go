package node

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// noted is a transport that notes the frames it is handed at once.
type noted struct {
	transport.Transport
	calls [][]transport.Frame
}

func (n *noted) SendChunks(frames []transport.Frame) {
	n.calls = append(n.calls, append([]transport.Frame(nil), frames...))
}

func TestATrainLeavesAtOnceAndIsGranted(t *testing.T) {
	carrier := new(noted)
	s := &slot{current: carrier, caps: transport.Capabilities{Overhead: 50}}
	n := &Node{start: time.Now(), links: map[swarm.LinkID]*link{
		1: {slot: s, number: 7},
		2: {slot: s, number: 8, away: new(absence)},
		3: {slot: new(slot)}, // whose transport is being started again
	}}
	frame := swarm.AppendPadding(nil, 1, 1000, 513)
	for id := range swarm.LinkID(5) {
		n.sendTrains([]engine.Train{{Link: id, Frame: frame, Count: 6}})
	}
	if len(carrier.calls) != 1 || len(carrier.calls[0]) != 6 {
		t.Fatalf("%d trains left, want one of 6 frames", len(carrier.calls))
	}
	for _, f := range carrier.calls[0] {
		left := time.Until(f.Expires)
		if string(f.Data) != string(frame) || len(f.To) != 1 || f.To[0] != 7 || left <= 0 || left > trainLife {
			t.Errorf("a frame of %d bytes for %v leaves, of use for %v", len(f.Data), f.To, left)
		}
	}
	if want := uint64(6 * (1000 + 50)); n.granted.bytes != want {
		t.Errorf("%d bytes are granted, want %d", n.granted.bytes, want)
	}
}
