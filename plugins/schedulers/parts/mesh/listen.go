package mesh

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
)

const (
	deniedFor    = 2 * time.Second        // before a neighbour that would not announce is asked again
	unknown      = 50 * time.Millisecond  // round trip that is assumed until it is measured
	loadCost     = 300 * time.Millisecond // by which a neighbour without anything left is worse
	gain         = 100 * time.Millisecond // how much better another one must be
	compareEvery = time.Second
	scatter      = 60 * time.Millisecond // by which the choice of neighbours is spread
)

// listen keeps Listen neighbours announcing: at random with a liking for the near, those with an uplink first. Where
// everybody listened to the nearest the mesh would fall apart into places.
func (m *Mesh) listen() {
	listening := 0
	for _, l := range m.View.Links {
		if l.In(swarm.Lazy) != 0 {
			listening++
		}
	}
	for ; listening < m.params.Listen; listening++ {
		l := m.announcer()
		if l == nil || !m.Do(scheduler.Subscribe{Link: l.Link, Substreams: m.View.All() &^ l.In(swarm.Eager), Mode: swarm.Lazy}) {
			return
		}
	}
}

// announcer is the neighbour to listen to next; nil when there is none.
func (m *Mesh) announcer() *scheduler.Link {
	var best *scheduler.Link
	for _, l := range m.View.Links {
		if l.Role == swarm.Source || l.In(swarm.Lazy) != 0 || l.In(swarm.Eager) == m.View.All() || m.Now < m.deaf[l.Link] {
			continue
		}
		if best == nil || m.cost(l) < m.cost(best) {
			best = l
		}
	}
	return best
}

// cost is how bad a neighbour is to listen to: far away, or with little left of its uplink.
func (m *Mesh) cost(l *scheduler.Link) time.Duration {
	c := RTT(l) + time.Duration(m.Chance(desk.Of(l.Peer), 0)*float64(scatter))
	c += time.Duration((1 - min(float64(l.Status.Spare)/m.Uplink.Rate(), 1)) * float64(loadCost))
	if !m.Uplink.HasRoom(l) {
		c += loadCost
	}
	return c
}

// compare changes the neighbour that is worst to listen to for one that is clearly better, now and then. Without it whoever
// came first is listened to by all, and those who came later have their uplinks for nothing.
func (m *Mesh) compare() {
	if m.Now < m.swapped+compareEvery {
		return
	}
	m.swapped = m.Now
	var worst *scheduler.Link
	for _, l := range m.View.Links {
		if l.In(swarm.Lazy) == 0 || m.Now < l.Feeds[0].Since+compareEvery {
			continue
		}
		if worst == nil || m.cost(l) > m.cost(worst) {
			worst = l
		}
	}
	best := m.announcer()
	if worst == nil || best == nil || m.cost(best)+gain > m.cost(worst) {
		return
	}
	if m.Do(scheduler.Subscribe{Link: worst.Link, Substreams: m.View.All(), Mode: swarm.None}) {
		m.Do(scheduler.Subscribe{Link: best.Link, Substreams: m.View.All() &^ best.In(swarm.Eager), Mode: swarm.Lazy})
	}
}

// denied takes that a subscription was refused or ended.
func (m *Mesh) denied(c scheduler.Feeding) {
	l := m.View.Link(c.Link)
	if l == nil {
		return
	}
	if l.Role == swarm.Source {
		m.seats.avoid(m.Now, 1<<min(max(c.Substream, 0), 63))
		return
	}
	m.deaf[c.Link] = m.Now + deniedFor
	// order-free: each entry is judged alone.
	for id, until := range m.deaf {
		if m.Now >= until || m.View.Link(id) == nil {
			delete(m.deaf, id)
		}
	}
}

// wean ends what neighbours still push here because a policy before this one asked for it, one neighbour at a time, once
// this one has found its feet.
func (m *Mesh) wean() {
	if m.Now < m.Began+weanAfter {
		return
	}
	for _, l := range m.View.Links {
		if set := l.In(swarm.Eager); set != 0 && l.Role != swarm.Source {
			m.Do(scheduler.Subscribe{Link: l.Link, Substreams: set, Mode: swarm.Lazy})
			return
		}
	}
}

// weanAfter is how long a policy that takes over leaves things as they are.
const weanAfter = 2 * time.Second

// RTT is a link's round trip, or what is assumed of it.
func RTT(l *scheduler.Link) time.Duration {
	if l.RTT == 0 {
		return unknown
	}
	return l.RTT
}
