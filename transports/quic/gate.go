package quic

import (
	"sync"
	"time"
)

const (
	leastQueued = 2  // frames
	mostQueued  = 16 // frames; quic-go blocks at 32
	queueTime   = 10 * time.Millisecond
	stuckAfter  = 250 * time.Millisecond
)

// gate bounds the chunk frames of one link that were handed on and that the socket has not yet sent.
//
// Sealed packets are counted by the sender. For the other modes the gate is told of every packet of the connection that
// leaves and works out which frame was in it: quic-go puts one datagram into every packet while it has some, in order,
// so a packet that is large enough for the first frame carries it. The few packets that fool this, large ones packed
// just before the frame, make the count too low by one for a moment.
type gate struct {
	mu       sync.Mutex
	packing  chunkMode
	limit    int             // frames
	lengths  [mostQueued]int // bytes still to leave, of frames first..first+count-1, as a ring
	first    int
	count    int
	full     bool // Full was reported, Writable not yet
	refusing int  // Fulls that are just being reported; Writable waits for them

	moved    bool      // a frame has left since the last tick, or the gate became full
	since    time.Time // of the last tick that found it moved
	forgiven int       // times that it began anew since a frame last left
}

// verdict of the gate on one frame.
type verdict uint8

const (
	taken   verdict = 0
	refused verdict = 1
)

// take asks to hand a frame of n bytes to quic-go. After refused, the caller reports Full and then calls reported.
func (g *gate) take(n int) verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.count >= g.limit {
		if !g.full {
			g.full, g.moved = true, true
		}
		g.refusing++
		return refused
	}
	g.lengths[(g.first+g.count)%mostQueued] = n
	g.count++
	return taken
}

// refuse marks the gate full where quic-go itself had no room, and takes the frame off again.
func (g *gate) refuse() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.count > 0 {
		g.count--
	}
	g.full, g.moved = true, true
	g.refusing++
}

// reported ends one report of Full. It answers whether Writable is due.
func (g *gate) reported() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refusing--
	return g.reopen()
}

// left takes note of a packet of n bytes. It answers whether Writable is due.
func (g *gate) left(n int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.count == 0 || g.packing == asPackets {
		return false
	}
	if g.packing == asDatagrams {
		if n >= g.lengths[g.first]+frameOverhead-2 { // a length below 64 takes a byte less, a packet number may
			g.pop()
		}
		return g.reopen()
	}
	for room := n - streamOverhead; room > 0 && g.count > 0; {
		front := &g.lengths[g.first]
		if *front > room {
			*front -= room
			break
		}
		room -= *front
		g.pop()
	}
	return g.reopen()
}

// gone takes note of a frame that the sender has written. It answers whether Writable is due.
func (g *gate) gone() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.count > 0 {
		g.pop()
	}
	return g.reopen()
}

// streamOverhead is the least that a packet of stream data has beyond it, in bytes: rather a frame counts as gone too early
// than never.
const streamOverhead = 27

func (g *gate) pop() {
	g.first = (g.first + 1) % mostQueued
	g.count--
	g.moved = true
	g.forgiven = 0
}

// reopen ends the state of being full once half of the room is free.
func (g *gate) reopen() bool {
	if !g.full || g.refusing > 0 || g.count > g.limit/2 {
		return false
	}
	g.full = false
	return true
}

// tick is called about every 100 ms. A gate that is full and has seen no frame leave for stuckAfter may have lost
// count, for quic-go drops a frame or two by its own rules, so it begins anew. Where the truth is that nothing can
// leave, quic-go holds the frames of two rounds: with datagrams that is what it takes without blocking, and there is
// no third. It answers whether Writable is due.
func (g *gate) tick(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !g.full || g.packing == asPackets: // which are counted without guessing
		return false
	case g.moved:
		g.moved, g.since = false, now
		return false
	case g.count > 0 && now.Sub(g.since) < stuckAfter:
		return false
	case g.count > 0 && g.packing == asDatagrams && g.forgiven > 0:
		return false
	}
	g.forgiven++
	g.count = 0
	return g.reopen()
}

// setLimit sets the limit from what the connection can send: its congestion window, in bytes, a round trip.
func (g *gate) setLimit(window uint64, rtt time.Duration) {
	rtt = max(rtt, time.Millisecond)
	frames := float64(window) * float64(queueTime) / float64(rtt) / packetSize
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.packing == asPackets { // no window holds them, and the socket takes them at once
		frames = mostQueued
	}
	g.limit = int(min(max(frames, leastQueued), mostQueued))
}
