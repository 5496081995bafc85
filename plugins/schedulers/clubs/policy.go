package clubs

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/feeders"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/peer"
)

// New makes the policy; it is a scheduler.Factory. Errors: scheduler.ErrParameter.
func New(params map[string]string) (scheduler.Policy, error) {
	p, err := parse(params)
	if err != nil {
		return nil, err
	}
	made := &policy{params: p}
	made.begin()
	return made, nil
}

type policy struct {
	peer.Peer
	params Params
	told   bool // that the opening orders were given since the snapshot

	joined  uint64 // substreams of the clubs that this peer is a member of
	member  bool   // that it has chosen its clubs
	dealt   int    // substreams that were dealt to the clubs
	feeders feeders.Feeders
	tidied  time.Duration // when feeders beyond those wanted were last looked for
}

// promptly is the number of neighbours that are announced to at the interval Announce.
const promptly = 6

// begin forgets all, for a snapshot.
func (p *policy) begin() {
	*p = policy{params: p.params}
	p.Begin(peer.Config{
		Neighbours: p.params.Neighbours, Copies: p.params.Copies, Rescue: p.params.Rescue, Announce: p.params.Announce,
		Promptly: promptly, Trial: p.params.Trial, Headroom: p.params.Headroom,
	})
	p.feeders = feeders.Feeders{Desk: &p.Desk, Uplink: &p.Uplink, Lazy: p.params.Lazy}
}

// Step answers one batch: see scheduler.Policy.
func (p *policy) Step(b *scheduler.Batch) scheduler.Answer {
	if b.Snapshot {
		p.begin()
	}
	p.Open(b)
	if !p.Described() {
		p.Links.Meet() // a neighbour may have the descriptor
		return p.Answer(p.Next())
	}
	if !p.told {
		p.open()
	}
	if p.dealt != p.View.Stream.Substreams { // another number of substreams is another deal to the clubs
		p.dealt, p.joined, p.member = p.View.Stream.Substreams, 0, false
		p.feeders.Reset()
	}
	p.note(b.Changes)
	due := p.Due()
	if due {
		p.feeders.Forget()
		p.feeders.Recall()
	}
	p.Links.Meet()
	if due {
		p.Links.Prune()
	}
	if p.View.Stream.Role != swarm.Source {
		p.join()
		p.feed()
		p.feeders.Listen()
		if due {
			p.tidy()
		}
	}
	if due {
		p.Seats.Shed()
	}
	p.Seats.Serve()
	p.Heralds.Announce()
	p.Uplink.Tell(p.joined&p.feeders.Flowing(), p.Seats.Open())
	return p.Answer(p.Next())
}

// open gives the orders that stand from the first batch on.
func (p *policy) open() {
	p.told = true
	order := scheduler.Repair{Deviations: p.params.Deviations, Slack: p.params.Slack, Share: p.params.Repair}
	if p.View.Stream.Role != swarm.Source && p.View.Repair != order {
		p.Do(order)
	}
}

// note keeps what the changes say beyond the view.
func (p *policy) note(changes []scheduler.Change) {
	measured := false
	for _, c := range changes {
		switch c := c.(type) {
		case scheduler.LinkMeasured:
			measured = true
		case scheduler.Silent:
			p.feeders.Silent(c)
		case scheduler.Feeding:
			if c.Mode == swarm.None {
				p.feeders.Denied(c)
			}
		case scheduler.PeerStatus:
			p.feeders.Said(c)
		case scheduler.Refused:
			if a, ok := c.Action.(scheduler.Subscribe); ok {
				p.feeders.Refused(a)
			} else {
				p.Refused(c)
			}
		default: // the view has it
		}
	}
	if measured {
		p.Uplink.Heed()
	}
}
