package latest

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/mesh"
)

// pusher is the mesh.Chooser that sends: to a neighbour at random the newest chunk that is of use to it, as long as the
// uplink has room.
type pusher struct {
	params Params
	m      *mesh.Mesh

	tokens float64                        // wire bytes that may be sent now
	at     time.Duration                  // when they were right
	sent   map[swarm.LinkID]*chunk.Window // what went to whom
	fresh  []copies                       // chunks that may still be pushed, oldest first
	draws  uint64                         // so that each draw differs
	to     []*scheduler.Link              // scratch
}

// copies is a chunk held here, and how many copies of it were sent.
type copies struct {
	number uint64
	since  time.Duration
	sent   int
}

const (
	burst     = 50 * time.Millisecond // of the uplink's share that may be sent at once
	mostFresh = 1024                  // chunks; the oldest are no longer pushed
	mostSends = 256                   // a turn
)

// Begin forgets all: see mesh.Chooser.
func (p *pusher) Begin(m *mesh.Mesh) {
	*p = pusher{params: p.params, m: m, sent: make(map[swarm.LinkID]*chunk.Window)}
}

// Refused takes notice of a Send that was not carried out: the chunk has gone, or the neighbour; nothing to be done.
func (p *pusher) Refused(scheduler.Refused) {}

// Choose sends what there is room for: see mesh.Chooser.
func (p *pusher) Choose() {
	p.age()
	p.earn()
	p.listeners()
	wire := float64(max(p.m.View.Stream.ChunkWire, 1))
	for range mostSends {
		if p.tokens < wire || len(p.to) == 0 {
			return
		}
		i := p.draw(len(p.to))
		l := p.to[i]
		c := p.useful(l)
		if c == nil {
			p.to = slices.Delete(p.to, i, i+1)
			continue
		}
		if !p.m.Do(scheduler.Send{Number: c.number, To: []scheduler.Target{{Link: l.Link, Class: scheduler.ClassLeaf}}}) {
			return
		}
		c.sent++
		p.window(l.Link).Add(c.number)
		p.tokens -= wire
	}
}

// age takes up the chunks that have come, and drops those that are too old or were sent often enough.
func (p *pusher) age() {
	held := p.m.Held()
	next := uint64(0)
	if n := len(p.fresh); n > 0 {
		next = p.fresh[n-1].number + 1
	}
	now := p.m.Now
	p.fresh = slices.DeleteFunc(p.fresh, func(c copies) bool { return now > c.since+p.params.Fresh || c.sent >= p.params.Most })
	edge := mesh.End(held)
	for n := max(next, edge-min(edge, p.m.Horizon()/4)); n < edge; n++ { // what came late is not the latest: it is asked for
		if held.Has(n) {
			p.fresh = append(p.fresh, copies{number: n, since: now})
		}
	}
	if over := len(p.fresh) - mostFresh; over > 0 {
		p.fresh = slices.Delete(p.fresh, 0, over)
	}
}

// earn takes the uplink's share of the time that has passed.
func (p *pusher) earn() {
	rate := min(p.m.Uplink.Limit(), float64(p.params.Most)*p.m.Uplink.Rate()) * p.params.Share
	p.tokens = min(p.tokens+rate*(p.m.Now-p.at).Seconds(), max(rate*burst.Seconds(), 2*float64(p.m.View.Stream.ChunkWire)))
	p.at = p.m.Now
}

// listeners are the neighbours that are told what is held here: those that want chunks.
func (p *pusher) listeners() {
	p.to = p.to[:0]
	for _, l := range p.m.View.Links {
		if l.Out(swarm.Lazy) != 0 && l.Role != swarm.Source {
			p.to = append(p.to, l)
		}
	}
	if len(p.sent) > 2*len(p.m.View.Links)+8 {
		// order-free: each entry is judged alone.
		for id := range p.sent {
			if p.m.View.Link(id) == nil {
				delete(p.sent, id)
			}
		}
	}
}

// useful is the newest chunk that l does not hold, as far as is known, and was not sent; nil when there is none.
func (p *pusher) useful(l *scheduler.Link) *copies {
	sent := p.window(l.Link)
	for i := len(p.fresh) - 1; i >= 0; i-- {
		c := &p.fresh[i]
		if c.sent < p.params.Most && !p.m.Holds(l).Has(c.number) && !sent.Has(c.number) && !p.spread(c.number) {
			return c
		}
	}
	return nil
}

// spread reports whether so many neighbours hold n that pushing it would mostly hit those who do.
func (p *pusher) spread(n uint64) bool {
	listeners, hold := 0, 0
	for _, l := range p.m.View.Links {
		if l.In(swarm.Lazy) == 0 {
			continue
		}
		listeners++
		if p.m.Holds(l).Has(n) {
			hold++
		}
	}
	return float64(hold) > p.params.Known*float64(listeners)
}

// draw is a number below n, by the seed.
func (p *pusher) draw(n int) int {
	p.draws++
	return min(int(p.m.Chance(p.draws, 1)*float64(n)), n-1)
}

func (p *pusher) window(id swarm.LinkID) *chunk.Window {
	w := p.sent[id]
	if w == nil {
		w = new(chunk.Window)
		p.sent[id] = w
	}
	if end := w.End(); end > w.Base()+4096 {
		w.Advance(end - 2048)
	}
	return w
}
