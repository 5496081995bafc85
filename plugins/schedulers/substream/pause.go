package substream

import "github.com/shoal-live/shoal/core/swarm"

// While the stream pauses, for its publisher is silent or gone, nobody is better than those who feed this peer: whoever is asked waits
// like itself. So all stays as it is, but that the source is sought. When it is there again, what it publishes goes the ways that there
// were, once those who had seats there have them again.

// pause does what there is to do while the stream pauses.
func (p *policy) pause() {
	p.halted = true
	p.Links.Meet()
	if p.View.Stream.Role != swarm.Source {
		p.feed()
	}
	p.Seats.Serve()
	p.Heralds.Announce()
}

// goesOn gives all who have waited as long as they had at first.
func (p *policy) goesOn() {
	if p.halted {
		p.halted, p.went = false, p.Now
	}
}

// wentOn reports whether the stream has only just gone on: not all know yet who is reached again.
func (p *policy) wentOn() bool { return p.went > 0 && p.Now < p.went+toldBy }

// begins begins an epoch: who fell silent as the one before ended has done nothing wrong, and its source is another one than that
// which did not answer.
func (p *policy) begins() {
	p.epoch, p.halted = p.View.Stream.Epoch, p.epoch > 0
	p.feeders.Reset()
	p.credit.Reset()
	for _, k := range p.View.Known {
		if k.Role == swarm.Source {
			k.Failures = 0
		}
	}
}

// root keeps in mind what the source pushes to this peer.
func (p *policy) root() {
	for _, l := range p.View.Links {
		if l.Role == swarm.Source {
			p.rooted = l.In(swarm.Eager)
		}
	}
}
