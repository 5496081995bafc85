package engine

import (
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Publish sends a group out, at the source: author seals it, and its chunks leave by the Push orders in force. A group
// much larger than the mean leaves at no more than paceOver times the mean rate. Errors: ErrRole; ErrNoDescriptor;
// ErrOrder, when the group's media time is before that of the group before, or author is of another epoch; what author
// answers.
func (e *Engine) Publish(now time.Duration, g chunk.Group, author chunk.Author) error {
	e.at(now)
	switch {
	case e.cfg.Role != swarm.Source:
		return fmt.Errorf("publish: %w", ErrRole)
	case e.epoch == nil:
		return fmt.Errorf("publish: %w", ErrNoDescriptor)
	case e.epoch.group > 0 && g.Time < e.epoch.time:
		return fmt.Errorf("publish group %d: %w: at %v, the one before is at %v: begin a new epoch", e.epoch.group, ErrOrder, g.Time, e.epoch.time)
	}
	ep := e.epoch
	g.Epoch, g.Rendition, g.GroupHeader.Group = ep.descriptor.Epoch, 0, ep.group
	if g.Born == 0 {
		g.Born = e.clock.unix(e.now)
	}
	chunks, err := author.Seal(e.pacer.spare(), &g, ep.next)
	if err != nil {
		return fmt.Errorf("publish group %d: %w", ep.group, err)
	}
	if h := &chunks[0].Header; h.Epoch != ep.descriptor.Epoch {
		return fmt.Errorf("publish group %d: %w: its author is of epoch %d, this is epoch %d", ep.group, ErrOrder, h.Epoch, ep.descriptor.Epoch)
	}
	ep.time = g.Time
	e.count.Published.Groups++
	e.count.Published.Bytes += uint64(g.Size)
	ep.group++
	ep.next += uint64(len(chunks))
	e.pacer.add(e.now, &ep.rate, chunks)
	e.release()
	return nil
}

const (
	paceOver    = 1.25        // of the mean rate
	paceBurst   = 2.0         // mean groups that leave unpaced
	paceLongest = time.Second // that a group is held back
)

// pacer holds back what a large group has beyond the mean, so that it neither fills the uplinks of those who relay it
// nor the queues in front of them. It is a leaky bucket in front of the store: what has not left is not held, not
// announced, and not missing anywhere.
type pacer struct {
	waiting []chunk.Chunk // sealed, in order
	head    int
	level   float64 // wire bytes that may leave now; below 0 they are owed
	at      time.Duration
	began   time.Duration // when the newest group was published
	mean    float64       // wire bytes per second of the stream, before that group; 0 when not known
}

func (p *pacer) reset() { *p = pacer{} }

// spare is where the next group's chunks may be appended: behind those that wait.
func (p *pacer) spare() []chunk.Chunk {
	if p.head == len(p.waiting) {
		clear(p.waiting)
		p.waiting, p.head = p.waiting[:0], 0
	}
	return p.waiting[len(p.waiting):]
}

func (p *pacer) add(now time.Duration, r *rate, chunks []chunk.Chunk) {
	p.waiting = append(p.waiting, chunks...)
	p.began, p.mean = now, float64(r.perSecond())
	if r.span < rateLeast && r.described == 0 {
		p.mean = 0
	}
	if p.at == 0 && p.level == 0 {
		p.at, p.level = now, paceBurst*float64(r.wire(&chunks[0].Header)) // the first group sets the scale
	}
}

// pace is at what rate chunks leave, and how much at once, in wire bytes; 0 when nothing is known of the mean.
func (p *pacer) pace(r *rate, span time.Duration) (rate, depth float64) {
	if p.mean == 0 {
		return 0, 0
	}
	backlog := 0.0
	for i := p.head; i < len(p.waiting); i += 16 {
		backlog += float64(16 * (p.waiting[i].Length() + r.overhead))
	}
	rate = max(paceOver*p.mean, backlog/paceLongest.Seconds())
	return rate, paceBurst * p.mean * max(span, 20*time.Millisecond).Seconds()
}

// release lets go what may leave by now.
func (e *Engine) release() {
	p, ep := &e.pacer, e.epoch
	if ep == nil || p.head == len(p.waiting) {
		return
	}
	rate, depth := p.pace(&ep.rate, p.waiting[p.head].Header.Span)
	p.level = min(p.level+rate*(e.now-p.at).Seconds(), max(depth, p.level))
	p.at = e.now
	for p.head < len(p.waiting) {
		c := &p.waiting[p.head]
		wire := float64(c.Length() + ep.rate.overhead)
		if rate > 0 && p.level < 0 {
			e.timers.set(alarmPace, e.now+max(time.Duration(-p.level/rate*float64(time.Second)), time.Millisecond))
			return
		}
		p.level -= wire
		p.head++
		e.hold(c)
	}
}

// hold makes a chunk of the source's own one that is held, and pushes it.
func (e *Engine) hold(c *chunk.Chunk) {
	ep := e.epoch
	if ep.store.Insert(c) != chunk.New {
		return
	}
	ep.held++
	if c.Index == 0 {
		ep.entered(&c.Header, e.cfg.StoreSpan)
	}
	n := c.ID().Number
	f := &e.frontier
	f.begun, f.next, f.verified, f.at = true, n+1, n+1, e.now
	e.push(n, int(n%ep.substreams), c.Index >= c.Header.Data)
	e.talk.held = true
}

// push queues a chunk that has just come for the targets of its substream's Push order. Each target yields to the
// one before; at the source by so much that all first copies of a group leave before any second.
func (e *Engine) push(n uint64, k int, parity bool) { //nolint:revive // a property of the chunk, looked up once by the caller
	to := e.orders.push[k]
	if len(to) == 0 {
		return
	}
	step, key, life := rankStep, e.now, pushLife
	if e.cfg.Role == swarm.Source {
		step = sourceStep
		key = max(e.pacer.began, e.now-paceLongest)
		life += paceLongest
	}
	for rank, t := range to {
		if t.link.has.Has(n) || t.link.sent.Has(n) {
			continue
		}
		class := t.class
		if parity {
			class, life = scheduler.ClassExtra, parityLife
		}
		e.add(upload{
			key: key + time.Duration(rank)*step, number: n, link: t.link, expires: e.now + life, class: class,
		})
	}
}
