package substream

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/credit"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/feeders"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/peer"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/uplink"
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
	told   bool   // that the opening orders were given since the snapshot
	epoch  uint32 // of the stream

	relays    relays
	credit    credit.Credit
	feeders   feeders.Feeders
	compared  time.Duration // when feeders were last compared
	depth     []depth       // by substream
	unsettled time.Duration // when a substream last had no feeder
	whole     time.Duration // when it last did not lack several
	rests     time.Duration // until when it leaves what there is to others
	rested    time.Duration // for how long it did so last
	lacked    uint64        // substreams that it lacked then
	rooted    uint64        // bit k: the source, when it was last a neighbour, pushed substream k to this peer
	denied    bool          // somebody had no room for this peer
	halted    bool          // the stream pauses, or another epoch has begun
	went      time.Duration // when it last went on
}

// promptly is the number of neighbours that are announced to at the interval Announce.
const promptly = 6

// begin forgets all, for a snapshot.
func (p *policy) begin() {
	*p = policy{params: p.params}
	p.Begin(peer.Config{
		Neighbours: p.params.Neighbours, Copies: p.params.Copies, Rescue: p.params.Rescue, Announce: p.params.Announce,
		Promptly: promptly, Trial: p.params.Trial, Headroom: p.params.Headroom,
		Trust: uplink.All,
	})
	p.Seats.Keep = p.params.Fanout / 2
	p.credit = credit.Credit{Desk: &p.Desk, Uplink: &p.Uplink}
	p.Seats.Credit = &p.credit
	p.feeders = feeders.Feeders{Desk: &p.Desk, Uplink: &p.Uplink, Credit: &p.credit, Lazy: p.params.Lazy}
}

// Step answers one batch: see scheduler.Policy.
func (p *policy) Step(b *scheduler.Batch) scheduler.Answer {
	if b.Snapshot {
		p.begin()
	}
	p.Open(b)
	p.root()
	p.Links.Aloof = p.aloof()
	if !p.Described() {
		p.Links.Meet() // a neighbour may have the descriptor
		return p.Answer(p.Next())
	}
	if !p.told {
		p.open()
	}
	if p.epoch != p.View.Stream.Epoch {
		p.begins()
	}
	p.deepen()
	p.note(b.Changes)
	due := p.Due()
	if p.View.Stream.Paused {
		if due {
			p.petition()
		}
		p.pause()
		return p.Answer(p.Next())
	}
	p.goesOn()
	p.descend()
	if due {
		p.feeders.Forget()
		p.credit.Forget()
		if !p.wentOn() {
			p.feeders.Recall()
		}
		p.depart()
	}
	p.Links.Want = p.params.Neighbours + p.seeks()
	p.Links.Meet()
	if due {
		p.Links.Wanting, p.Links.Scarce = p.starving() > 0 && p.Uplink.Carries(), p.Seats.Scarce()
		p.Links.Prune()
		p.yield()
	}
	if p.View.Stream.Role != swarm.Source {
		if due || !p.relays.begun {
			p.claim()
			p.petition()
			p.rest()
		}
		p.feed()
		p.feeders.Listen()
		p.compare()
	}
	if due {
		p.Seats.Dismiss()
		p.Seats.Shed()
		p.Seats.Replace()
	}
	p.await()
	p.Seats.Serve()
	p.Heralds.Announce()
	p.Uplink.Tell(p.relays.mine|p.feeding(), p.Seats.Open())
	return p.Answer(p.Next())
}

// open gives the orders that stand from the first batch on, and takes over what a snapshot says is in force.
func (p *policy) open() {
	p.told = true
	p.mend(0)
	p.adopt()
}

// mend orders repair. unfed is how long a joiner waits to be fed: as long as everybody has room, it need not.
func (p *policy) mend(unfed time.Duration) {
	order := scheduler.Repair{Deviations: p.params.Deviations, Slack: p.params.Slack, Share: p.params.Repair, Unfed: unfed}
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
			if !p.View.Stream.Paused {
				p.feeders.Silent(c)
			}
		case scheduler.Feeding:
			if c.Mode == swarm.None {
				p.feeders.Denied(c)
				p.denied = p.denied || c.Reason == swarm.NoCapacity
			}
		case scheduler.PeerStatus:
			p.feeders.Said(c)
		case scheduler.Refused:
			p.refused(c)
		default: // the view has it
		}
	}
	if measured {
		p.Uplink.Heed()
	}
}

// refused sees to it that what the engine would not do is not asked for again at once.
func (p *policy) refused(c scheduler.Refused) {
	switch a := c.Action.(type) {
	case scheduler.Subscribe:
		p.feeders.Refused(a)
	default:
		p.Refused(c)
	}
}
