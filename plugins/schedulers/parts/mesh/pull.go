package mesh

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
)

// Want is a chunk that is missing here and held by neighbours.
type Want struct {
	Number  uint64
	Holders int           // neighbours that hold it, as they last said
	Tie     uint64        // at random
	Age     time.Duration // behind the newest chunk known, by the rate of the stream
}

// Puller is the Chooser that asks: for what is missing in a certain order, each chunk from the neighbour that will most
// likely bring it first. How much one neighbour is asked for at once is a window (window.go).
type Puller struct {
	Order func(a, b Want) int // the first is asked for first

	m       *Mesh
	begun   bool   // something is held
	from    uint64 // numbers below are none of its business: a joiner begins later, or nobody keeps them
	edge    uint64 // one past the newest number known
	old     uint64 // numbers below are asked of the source where nobody else has them
	asked   []asked
	windows map[swarm.LinkID]*window
	turns   uint64
	wants   []Want // scratch
}

// asked is a chunk that was asked for, in order of number.
type asked struct {
	number  uint64
	link    swarm.LinkID
	at      time.Duration
	until   time.Duration // when no answer is expected any more, and another is asked
	refused int           // times that the engine would not ask for it
	open    bool          // it counts as outstanding at its link
}

const (
	mostWants    = 512
	queueStep    = 4 * time.Millisecond   // by which a request outstanding counts
	refusedFor   = 300 * time.Millisecond // before a chunk is asked for again that the engine would not ask for
	together     = 15 * time.Millisecond  // by which a neighbour is better that is asked anyway
	rescue       = time.Second            // by which the source is worse than any neighbour
	mostRefusals = 1                      // times that this is doubled
	jitter       = 10 * time.Millisecond  // by which the choice among equal neighbours is spread
)

// Begin forgets all: see Chooser.
func (p *Puller) Begin(m *Mesh) {
	*p = Puller{Order: p.Order, m: m, windows: make(map[swarm.LinkID]*window), wants: p.wants[:0]}
}

// Choose asks for what is missing: see Chooser.
func (p *Puller) Choose() {
	p.turns++
	p.settle()
	for _, l := range p.m.View.Links {
		p.window(l.Link).turn(p.m.Now)
	}
	p.list()
	if len(p.wants) == 0 {
		return
	}
	slices.SortFunc(p.wants, p.Order)
	links := p.m.View.Links
	asks := make([][]uint64, len(links)) // by place in Links
	for i := range p.wants {
		best := p.supplier(p.wants[i].Number, asks)
		if best < 0 || len(asks[best]) >= swarm.MaxWant {
			continue
		}
		n, l := p.wants[i].Number, links[best]
		asks[best] = append(asks[best], n)
		w := p.window(l.Link)
		w.open++
		at, again := p.find(n)
		if !again {
			p.asked = slices.Insert(p.asked, at, asked{number: n})
		}
		a := &p.asked[at]
		a.link, a.open, a.at, a.until = l.Link, true, p.m.Now, p.m.Now+RTT(l)+w.patience(p.m.Now)
	}
	for i, numbers := range asks {
		if len(numbers) > 0 {
			p.m.Do(scheduler.Pull{Link: links[i].Link, Numbers: numbers})
		}
	}
}

// settle looks at what has become of what was asked for.
func (p *Puller) settle() {
	held := p.m.Held()
	keep := p.asked[:0]
	for _, a := range p.asked {
		switch {
		case held.Has(a.number):
			if a.open {
				p.close(a.link).answered(p.m.Now, p.m.Now-a.at-p.rtt(a.link))
			}
			continue
		case a.number < held.Base && held.Base > 0:
			if a.open {
				p.close(a.link)
			}
			continue
		case p.m.Now >= a.until && a.open:
			p.close(a.link).shrink(p.m.Now, p.m.Now-a.at-p.rtt(a.link))
			continue // another neighbour is asked
		case p.m.Now >= a.until+refusedFor<<mostRefusals:
			continue
		}
		keep = append(keep, a)
	}
	p.asked = keep
	if p.turns%64 == 0 {
		// order-free: each entry is judged alone.
		for id := range p.windows {
			if p.m.View.Link(id) == nil {
				delete(p.windows, id)
			}
		}
	}
}

// list fills wants with what is missing, held by a neighbour, and not asked for.
func (p *Puller) list() {
	p.wants = p.wants[:0]
	m := p.m
	edge := m.Edge()
	if edge == 0 {
		return
	}
	if p.from == 0 {
		p.from = edge
	}
	if first := start(m.Held()); !p.begun && first > 0 {
		p.begun, p.from = true, min(p.from, first)
	}
	p.from = max(p.from, edge-min(edge, m.Horizon()))
	p.old, p.edge = 0, edge
	if m.source() != nil {
		p.old = edge - min(edge, m.Horizon()/16)
	}
	for at := p.from &^ 63; at < edge; at += 64 {
		have := word(m.Held(), at)
		if at < p.from {
			have |= 1<<(p.from-at) - 1
		}
		if have == 1<<64-1 {
			continue
		}
		var some uint64
		for _, l := range m.View.Links {
			some |= word(m.Holds(l), at)
		}
		if at+64 <= p.old { // the source holds it
			some = 1<<64 - 1
		} else if at < p.old {
			some |= 1<<(p.old-at) - 1
		}
		for bit := range uint64(64) {
			if some&^have&(1<<bit) == 0 {
				continue
			}
			if i, ok := p.find(at + bit); ok && (p.asked[i].open || m.Now < p.asked[i].until) || len(p.wants) >= mostWants {
				continue
			}
			p.wants = append(p.wants, p.want(at+bit))
		}
	}
}

func (p *Puller) want(n uint64) Want {
	age := float64(p.edge-n) * float64(p.m.View.Stream.ChunkWire) / p.m.Uplink.Rate()
	w := Want{Number: n, Tie: desk.Mix(p.m.View.Stream.Seed ^ n), Age: time.Duration(age * float64(time.Second))}
	for _, l := range p.m.View.Links {
		if p.m.Holds(l).Has(n) {
			w.Holders++
		}
	}
	return w
}

// supplier is the place in Links of the neighbour to ask for n: of those that hold it and have room in their windows the
// one whose answer is expected first; -1 when there is none.
func (p *Puller) supplier(n uint64, asks [][]uint64) int {
	best, least := -1, time.Duration(1<<62)
	for i, l := range p.m.View.Links {
		if !p.m.Holds(l).Has(n) && (l.Role != swarm.Source || n >= p.old) {
			continue
		}
		w := p.window(l.Link)
		if !w.takes() {
			continue
		}
		cost := RTT(l) + w.queue(p.m.Now) + time.Duration(w.open)*queueStep
		cost += time.Duration(p.m.Chance(uint64(l.Link), n) * float64(jitter))
		if len(asks[i]) > 0 {
			cost -= together
		}
		if l.Role == swarm.Source {
			cost += rescue
		}
		if cost < least {
			best, least = i, cost
		}
	}
	return best
}

// Refused takes notice that some chunks were not asked for: they are held by now, or the engine asks for them itself.
func (p *Puller) Refused(c scheduler.Refused) {
	pull, ok := c.Action.(scheduler.Pull)
	if !ok {
		return
	}
	for _, n := range pull.Numbers {
		if i, ok := p.find(n); ok && p.asked[i].link == pull.Link && p.asked[i].open {
			a := &p.asked[i]
			a.open, a.until = false, p.m.Now+refusedFor<<a.refused
			a.refused = min(a.refused+1, mostRefusals)
			p.close(pull.Link)
		}
	}
}

func (p *Puller) rtt(id swarm.LinkID) time.Duration {
	if l := p.m.View.Link(id); l != nil {
		return RTT(l)
	}
	return 0
}

func (p *Puller) find(n uint64) (int, bool) {
	return slices.BinarySearchFunc(p.asked, n, func(a asked, n uint64) int {
		switch {
		case a.number < n:
			return -1
		case a.number > n:
			return 1
		}
		return 0
	})
}
