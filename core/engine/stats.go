package engine

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/swarm"
)

// Stats is what an engine has measured since it began: counters only grow.
type Stats struct {
	Epoch  uint32
	Groups GroupStats
	Chunks ChunkStats
	Sent   SentStats

	Published PublishStats // at the source

	Delay   report.Histogram // chunk born -> verified here, by the estimated source clock
	Watched report.Histogram // of Delay, what was born since playback had begun
	Playout report.Histogram // group born -> due

	Playing   bool
	Startup   time.Duration // join -> first group played; 0 before
	Buffer    time.Duration // media complete and in order, not yet due
	Target    time.Duration // playout delay aimed at
	Behind    time.Duration // delay of the newest complete group
	Clock     time.Duration // greatest error of the estimate of the source's clock
	Uplink    uint64        // bytes per second, measured; 0 until shown
	Committed uint64        // bytes per second bound by orders
	Links     []LinkStats   // by id
}

// counters are the part of Stats that is counted; the rest is looked up.
type counters struct {
	Groups    GroupStats
	Chunks    ChunkStats
	Sent      SentStats
	Published PublishStats
	Startup   time.Duration
	delay     report.Tally
	watched   report.Tally
	playout   report.Tally
}

// PublishStats count what a source has published.
type PublishStats struct {
	Groups uint64
	Bytes  uint64 // of their payloads
}

// GroupStats count groups.
type GroupStats struct {
	Due      uint64 // that were due
	Complete uint64 // of those, complete in time
	Missed   uint64 // given up
	Stalls   uint64 // runs of missed groups
}

// ChunkStats count chunks that arrived.
type ChunkStats struct {
	Due         uint64 // data chunks of groups that were due
	Held        uint64 // of those, held in time
	Useful      uint64 // new, authentic data
	UsefulBytes uint64 // payload bytes of them
	Parity      uint64 // new, authentic parity
	Restored    uint64 // useful ones made from parity; they did not arrive
	Duplicate   uint64 // held already
	Repair      uint64 // useful ones that were asked for
	FromSource  uint64 // payload bytes of useful ones that the source sent
	Forged      uint64
	Unproven    uint64
	Malformed   uint64 // frames that could not be parsed
}

// SpareParity is how much of the parity stood in for nothing: the rest was data in another form.
func (c *ChunkStats) SpareParity() uint64 { return c.Parity - min(c.Restored, c.Parity) }

// SentStats count what left, in bytes as handed to the transport plus Overhead.
type SentStats struct {
	Chunks       uint64
	ChunkBytes   uint64
	ControlBytes uint64
	Repair       uint64 // chunks sent because they were asked for
	Dropped      uint64 // chunks that found the upload queue full, or are longer than a link takes
	Expired      uint64 // chunks dropped from the upload queue, past their deadline
	Full         uint64 // chunks that a transport did not take
	PayloadBytes uint64 // of ChunkBytes, media
}

// LinkStats describe one link.
type LinkStats struct {
	Link     swarm.LinkID
	Peer     swarm.PeerID
	Role     swarm.Role
	RTT      time.Duration
	In, Out  uint64 // substreams pushed to us, by us: bit k is substream k
	Received uint64 // payload bytes of useful chunks
	Sent     uint64 // payload bytes
}

// Stats measures now.
func (e *Engine) Stats(now time.Duration) Stats {
	e.at(now)
	c := &e.count
	s := Stats{
		Epoch: e.id(), Groups: c.Groups, Chunks: c.Chunks, Sent: c.Sent, Published: c.Published,
		Delay: c.delay.Histogram(), Watched: c.watched.Histogram(), Playout: c.playout.Histogram(), Startup: c.Startup,
	}
	p := &e.player
	s.Playing = p.played && p.started
	for i := range p.queue {
		s.Buffer += p.queue[i].span
	}
	s.Target = p.lead()
	s.Behind = p.behind
	s.Clock = time.Duration(e.clock.wrong(e.now)) * time.Microsecond
	s.Uplink = e.state().Uplink
	s.Committed = e.committed()
	s.Links = make([]LinkStats, 0, len(e.links))
	for _, l := range e.links {
		if l.up {
			s.Links = append(s.Links, LinkStats{
				Link: l.id, Peer: l.peer, Role: l.role, RTT: l.rtt,
				In: l.gives(e.now), Out: e.pushed(l), Received: l.in.payload, Sent: l.out.payload,
			})
		}
	}
	return s
}

// gives is the set of substreams of which the neighbour has sent something within a second.
func (l *link) gives(now time.Duration) uint64 {
	var set uint64
	for of := l.feeds.of; of != 0; of &= of - 1 {
		k := bits.TrailingZeros64(of)
		if f := l.feeds.at(k); f.last > 0 && now-f.last < time.Second {
			set |= 1 << k
		}
	}
	return set
}

// pushed is the set of substreams that are pushed to l.
func (e *Engine) pushed(l *link) uint64 {
	var set uint64
	for k := range e.orders.push {
		if contains(e.orders.push[k], l) {
			set |= 1 << k
		}
	}
	return set
}
