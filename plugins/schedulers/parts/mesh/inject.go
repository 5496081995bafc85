package mesh

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// inject is the memory of seats at the source.
type inject struct {
	avoided [chunk.MaxSubstreams]time.Duration // by substream: until when the source is not asked for it
	refused [chunk.MaxSubstreams]uint8         // times in a row that it would not
	next    time.Duration
	turn    uint64 // counts the rounds, so that each draws anew
}

const (
	askAgain   = 2 * time.Second        // before a source without a seat is asked again, doubled each time
	askDoubled = 4                      // times
	silentFor  = 5 * time.Second        // before one that fell silent is asked again
	askEvery   = 100 * time.Millisecond // between two looks at the seats
)

func (s *inject) begin() { *s = inject{} }

// avoid keeps the peer from asking for some substreams for a while, longer each time.
func (s *inject) avoid(now time.Duration, set uint64) {
	for ; set != 0; set &= set - 1 {
		k := bits.TrailingZeros64(set)
		s.avoided[k] = now + askAgain<<s.refused[k]
		s.refused[k] = min(s.refused[k]+1, askDoubled)
	}
}

// inject asks the source for seats, as many as are this peer's share: first for substreams that no neighbour has one of.
// It gives one back when it has come to have more, for there are others now.
func (m *Mesh) inject() {
	source := m.source()
	if source == nil {
		return
	}
	s := &m.seats
	s.turn++
	have := source.In(swarm.Eager)
	share := m.share()
	supply, others := m.supply()
	switch n := bits.OnesCount64(have); {
	case n > share:
		if k := m.pick(have, supply, most); k >= 0 {
			m.Do(scheduler.Subscribe{Link: source.Link, Substreams: 1 << k, Mode: swarm.None})
			s.avoid(m.Now, 1<<k)
		}
		return
	case n == share, others > 0 && m.Now < s.next:
		return
	}
	s.next = m.Now + askEvery
	var ask uint64
	for range share - bits.OnesCount64(have) {
		open := m.View.All() &^ (have | ask)
		for set := open; set != 0; set &= set - 1 {
			if k := bits.TrailingZeros64(set); m.Now < s.avoided[k] || supply[k] >= m.params.Copies {
				open &^= 1 << k
			}
		}
		k := m.pick(open, supply, least)
		if k < 0 {
			break
		}
		ask |= 1 << k
	}
	if ask != 0 {
		m.Do(scheduler.Subscribe{Link: source.Link, Substreams: ask, Mode: swarm.Eager})
	}
}

// share is how many seats this peer keeps at the most: as many as there are for each of those it knows of, and none when
// it could not pass on what it gets, unless it is alone.
func (m *Mesh) share() int {
	all := m.View.Stream.Substreams
	known, linked := 0, 0
	for _, k := range m.View.Known {
		if k.Role != swarm.Source {
			known++
		}
	}
	for _, l := range m.View.Links {
		if l.Role != swarm.Source {
			linked++
		}
	}
	others := max(known, linked)
	if others == 0 {
		return all
	}
	if m.Uplink.Limit() < relayLeast*m.Uplink.Rate() {
		return 0
	}
	return min((m.params.Copies*all+others)/(others+1), all)
}

// relayLeast is the uplink in stream rates below which a seat at the source would be wasted.
const relayLeast = 0.4

// supply counts, by substream, the neighbours that say that they have a seat; and all neighbours that could.
func (m *Mesh) supply() (seats [chunk.MaxSubstreams]int, others int) {
	for _, l := range m.View.Links {
		if l.Role == swarm.Source {
			continue
		}
		others++
		for set := l.Status.Relays & m.View.All(); set != 0; set &= set - 1 {
			seats[bits.TrailingZeros64(set)]++
		}
	}
	return seats, others
}

// which of the substreams that are open pick takes: those with the least supply, or the most.
type which int

const (
	least which = 1
	most  which = -1
)

// pick takes one substream of set, by chance among equals; -1 when set is empty.
func (m *Mesh) pick(set uint64, supply [chunk.MaxSubstreams]int, w which) int {
	best, score := -1, 0.0
	for ; set != 0; set &= set - 1 {
		k := bits.TrailingZeros64(set)
		if c := float64(int(w)*supply[k]) + m.Chance(m.seats.turn, uint64(k)); best < 0 || c < score {
			best, score = k, c
		}
	}
	return best
}

// seated is the set of substreams that come from the source.
func (m *Mesh) seated() uint64 {
	l := m.source()
	if l == nil {
		return 0
	}
	var set uint64
	for eager := l.In(swarm.Eager); eager != 0; eager &= eager - 1 {
		if k := bits.TrailingZeros64(eager); l.Feeds[k].Flows {
			set |= 1 << k
			m.seats.refused[k] = 0
		}
	}
	return set
}

// silent gives a seat up from which nothing comes while others get the stream.
func (m *Mesh) silent(c scheduler.Silent) {
	l := m.View.Link(c.Link)
	if l == nil || c.Substream < 0 || c.Substream >= len(l.Feeds) || l.Feeds[c.Substream].Mode != swarm.Eager {
		return
	}
	m.seats.avoided[c.Substream] = m.Now + silentFor
	m.Do(scheduler.Subscribe{Link: c.Link, Substreams: 1 << c.Substream, Mode: swarm.None})
}

// source is the link to the source; nil when there is none.
func (m *Mesh) source() *scheduler.Link {
	for _, l := range m.View.Links {
		if l.Role == swarm.Source {
			return l
		}
	}
	return nil
}
