package mesh

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/peer"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/uplink"
)

// Chooser decides which chunks travel over which links.
type Chooser interface {
	// Begin forgets all: a snapshot has come. m is where the chooser works until the next one.
	Begin(m *Mesh)
	// Choose answers with Pulls or Sends, by m.Do. It is called about once a Turn, at viewers and helpers.
	Choose()
	// Refused takes notice of a Pull or Send that was not carried out.
	Refused(c scheduler.Refused)
}

// Mesh is a policy but for its choice of chunks.
type Mesh struct {
	peer.Peer
	params  Params
	chooser Chooser
	told    bool // that the opening orders were given since the snapshot
	seats   inject
	deaf    map[swarm.LinkID]time.Duration // until when a neighbour is not asked again to announce
	turn    time.Duration                  // when chunks are chosen next
	swapped time.Duration                  // when neighbours were last compared
	past    past
}

// New makes a policy whose chunks c chooses.
func New(p Params, c Chooser) *Mesh {
	m := &Mesh{params: p, chooser: c}
	m.begin()
	return m
}

func (m *Mesh) begin() {
	*m = Mesh{params: m.params, chooser: m.chooser, deaf: make(map[swarm.LinkID]time.Duration)}
	m.Begin(peer.Config{
		Neighbours: m.params.Neighbours, Copies: m.params.Copies, Announce: m.params.Announce, Promptly: 2 * m.params.Listen,
		Trial: m.params.Trial, Headroom: m.params.Headroom,
	})
	m.Uplink.Counts = uplink.Sent
	m.seats.begin()
	m.chooser.Begin(m)
}

// Step answers one batch: see scheduler.Policy. Most batches tell only what is held by now, and cost no more than a choice.
func (m *Mesh) Step(b *scheduler.Batch) scheduler.Answer {
	if b.Snapshot {
		m.begin()
	}
	m.Open(b)
	if !m.Described() {
		m.Links.Meet() // a neighbour may have the descriptor
		return m.Answer(m.Next())
	}
	if !m.told {
		m.open()
	}
	plays := m.View.Stream.Role != swarm.Source
	due := m.Due()
	if news := m.note(b.Changes); news || due {
		m.look(due, plays)
	}
	if plays && m.Now >= m.turn {
		m.turn = m.Now + m.params.Turn
		m.chooser.Choose()
	}
	if !plays {
		return m.Answer(m.Next())
	}
	return m.Answer(min(m.Next(), max(m.turn, m.Now+1)))
}

// open gives the orders that stand from the first batch on.
func (m *Mesh) open() {
	m.told = true
	if m.View.Stream.Role == swarm.Source {
		return
	}
	order := scheduler.Repair{Deviations: m.params.Deviations, Slack: m.params.Slack, Share: m.params.Repair}
	if m.View.Repair != order {
		m.Do(order)
	}
	m.Do(scheduler.Watch{Held: m.params.Turn, Holds: m.params.Turn})
}

// look does what a peer does besides choosing chunks.
func (m *Mesh) look(due, plays bool) { //nolint:revive // both are facts of the batch
	m.Links.Meet()
	if due {
		m.Links.Prune()
	}
	if plays {
		m.inject()
		if due {
			m.wean()
			m.compare()
		}
		m.listen()
	}
	if due {
		m.Seats.Shed()
	}
	m.Seats.Serve()
	m.Heralds.Announce()
	m.Uplink.Tell(m.seated(), m.Seats.Open())
}

// note keeps what the changes say beyond the view. It reports whether they say more than what is held.
func (m *Mesh) note(changes []scheduler.Change) bool {
	news, measured := false, false
	for _, c := range changes {
		switch c := c.(type) {
		case scheduler.Held:
			m.past.held = false
			continue
		case scheduler.Holds:
			delete(m.past.holds, c.Link)
			continue
		case scheduler.Stream:
			m.renew()
		case scheduler.LinkMeasured:
			measured = true
		case scheduler.Silent:
			m.silent(c)
		case scheduler.Feeding:
			if c.Mode == swarm.None {
				m.denied(c)
			}
		case scheduler.Refused:
			m.refused(c)
		default: // the view has it
		}
		news = true
	}
	if measured {
		m.Uplink.Heed()
	}
	return news
}

// refused sees to it that what the engine would not do is not asked for again at once.
func (m *Mesh) refused(c scheduler.Refused) {
	switch a := c.Action.(type) {
	case scheduler.Subscribe:
		if a.Mode == swarm.Lazy {
			m.deaf[a.Link] = m.Now + deniedFor
		} else {
			m.seats.avoid(m.Now, a.Substreams)
		}
	case scheduler.Pull, scheduler.Send:
		m.chooser.Refused(c)
	default:
		m.Refused(c)
	}
}
