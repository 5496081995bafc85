package substream

import (
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// New makes the policy; it is a scheduler.Factory. Errors: scheduler.ErrParameter.
func New(params map[string]string) (scheduler.Policy, error) {
	p, err := parse(params)
	if err != nil {
		return nil, err
	}
	return &policy{params: p}, nil
}

// tick is how often a peer looks around when nothing calls for it.
const tick = 250 * time.Millisecond

// soon is when an answer that hit the bound on actions is continued.
const soon = 10 * time.Millisecond

// room keeps the last actions of an answer free for orders, which come last.
const room = scheduler.MaxActions - 4*64

type policy struct {
	params Params
	view   scheduler.View
	now    time.Duration
	began  time.Duration // when the snapshot came
	told   bool          // that the opening orders were given since the snapshot

	links   links
	relays  relays
	feeds   feeds
	tell    tell
	evicted time.Duration // when a leaf last lost its seat to a relay
	sent    float64       // wire bytes per second, over the last second
	ceiling float64       // wire bytes per second that the uplink was seen to carry when it was full; 0 for never

	nextTick time.Duration
	actions  []scheduler.Action
	short    bool // the bound on actions was met
}

// Step answers one batch: see scheduler.Policy.
func (p *policy) Step(b *scheduler.Batch) scheduler.Answer {
	if b.Snapshot {
		*p = policy{params: p.params, began: b.Now, now: b.Now}
	}
	p.view.Apply(b)
	p.now = b.Now
	p.actions, p.short = nil, false
	if p.view.Stream.Substreams < 1 || p.view.Stream.Substreams > chunk.MaxSubstreams {
		p.meet() // a neighbour may have the descriptor
		return scheduler.Answer{Revision: b.Revision, Actions: p.actions, WakeAt: p.now + tick}
	}
	if !p.told {
		p.open()
	}
	p.note(b.Changes)
	due := p.now >= p.nextTick
	if due {
		p.nextTick = p.now + tick
		p.feeds.forget(&p.view, p.now)
	}
	p.meet()
	if due {
		p.prune()
	}
	if p.view.Stream.Role != swarm.Source {
		if due || !p.relays.begun {
			p.claim()
		}
		p.feed()
		p.listen()
		p.compare()
	}
	if due {
		p.shed()
	}
	p.serve()
	p.announce()
	p.advertise()
	wake := p.nextTick
	if p.short {
		wake = p.now + soon
	}
	return scheduler.Answer{Revision: b.Revision, Actions: p.actions, WakeAt: wake}
}

// open gives the orders that stand from the first batch on, and takes over what a snapshot says is in force.
func (p *policy) open() {
	p.told = true
	order := scheduler.Repair{Deviations: p.params.Deviations, Slack: p.params.Slack, Share: p.params.Repair}
	if p.view.Stream.Role != swarm.Source && p.view.Repair != order {
		p.do(order)
	}
	p.adopt()
}

// note keeps what the changes say beyond the view.
func (p *policy) note(changes []scheduler.Change) {
	measured := false
	for _, c := range changes {
		switch c := c.(type) {
		case scheduler.LinkMeasured:
			measured = true
		case scheduler.Silent:
			p.silent(c)
		case scheduler.Feeding:
			if c.Mode == swarm.None {
				p.denied(c)
			}
		case scheduler.PeerStatus:
			delete(p.feeds.asked, c.Link)
			if l := p.view.Link(c.Link); l != nil && p.hasRoom(l) {
				delete(p.feeds.full, c.Link)
			}
		case scheduler.Refused:
			p.refused(c)
		default: // the view has it
		}
	}
	if measured {
		p.heed()
	}
}

// refused sees to it that what the engine would not do is not asked for again at once.
func (p *policy) refused(c scheduler.Refused) {
	switch a := c.Action.(type) {
	case scheduler.Subscribe:
		for k := range p.view.Stream.Substreams {
			if a.Substreams&(1<<k) != 0 {
				p.feeds.avoid(a.Link, k, p.now+time.Second)
			}
		}
	case scheduler.Push:
		p.unserve(a, c.Reason)
	case scheduler.Announce:
		p.feeds.mute(a.Link, p.now+time.Second)
	case scheduler.Introduce:
		p.links.next = max(p.links.next, p.now+firstWait)
	default: // Connect is counted by the view; the others are not repeated
	}
}

// do adds one action to the answer and to the view. It reports whether there was room.
func (p *policy) do(a scheduler.Action) bool {
	if len(p.actions) >= scheduler.MaxActions {
		p.short = true
		return false
	}
	if _, order := a.(scheduler.Push); !order && len(p.actions) >= room {
		p.short = true
		return false
	}
	p.actions = append(p.actions, a)
	p.view.Did(p.actions[len(p.actions)-1:])
	return true
}

// chance is a number in [0, 1) that depends on the seed and what it is for, and on nothing else.
func (p *policy) chance(a, b uint64) float64 {
	return float64(mix(p.view.Stream.Seed^mix(a^mix(b)))>>11) / (1 << 53)
}

// mix scrambles x: the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// of is a number that stands for a peer in chance.
func of(p swarm.PeerID) uint64 {
	var x uint64
	for i, b := range p {
		x = x<<8 | uint64(b)
		if i%8 == 7 {
			x = mix(x)
		}
	}
	return x
}
