package engine

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// asking holds the chunks that are asked for: what is overdue, what a joiner pulls, what the policy pulls. Each has
// one request outstanding at most; an answer that does not come is waited for by the link's round trip, and then asked
// of somebody else.
type asking struct {
	list   []ask   // by number
	wanted int     // chunks that links are about to be told to send
	tokens float64 // wire bytes that may be asked for
	at     time.Duration
}

type ask struct {
	number uint64
	to     swarm.LinkID  // 0 when no request is outstanding
	last   swarm.LinkID  // asked before; another one is preferred
	until  time.Duration // when the request is given up
	began  time.Duration
	tries  int
	pulled bool          // by the policy: the neighbour was its choice
	denied int           // neighbours, one after another, that had no room to send it
	after  time.Duration // nobody is asked before; 0 for at once
	feeder swarm.LinkID  // whose later chunk has come in its place: it is asked first; 0 for nobody
}

const (
	askEvery      = 10 * time.Millisecond // between two looks at what is asked for
	answerLeast   = 100 * time.Millisecond
	answerSpare   = 50 * time.Millisecond // that an answer may wait for the uplink, beyond a quarter of the round trip
	answerMost    = time.Second
	sourcePenalty = 50 * time.Millisecond // by which others are preferred to the source
	queuePenalty  = 4 * time.Millisecond  // by which a request outstanding counts
	noCapacityFor = 200 * time.Millisecond
	guesses       = 4                      // requests of one chunk to those who are only likely to hold it
	sourceAfter   = 200 * time.Millisecond // until the source is guessed at
	joinBatch     = 8                      // chunks that a joiner saves up for before it asks again
)

// lean is s without the memory that it needed once and needs no longer: a joiner asks for hundreds of chunks.
func lean(s []ask) []ask {
	const few = 32
	if cap(s) <= few || len(s) > cap(s)/4 {
		return s
	}
	return append(make([]ask, 0, max(2*len(s), few)), s...)
}

func (a *asking) reset() { *a = asking{list: a.list[:0]} }

func (a *asking) find(n uint64) (int, bool) {
	return slices.BinarySearchFunc(a.list, n, func(x ask, n uint64) int {
		switch {
		case x.number < n:
			return -1
		case x.number > n:
			return 1
		}
		return 0
	})
}

// ask puts n among the chunks asked for.
func (e *Engine) ask(n uint64) *ask {
	a := &e.asking
	i, found := a.find(n)
	if !found {
		if len(a.list) >= maxAsks {
			return nil
		}
		a.list = slices.Insert(a.list, i, ask{number: n, began: e.now})
	}
	return &a.list[i]
}

// unask takes the chunk at place i off the list.
func (e *Engine) unask(i int) {
	if l := e.link(e.asking.list[i].to); l != nil {
		l.outstanding--
	}
	e.asking.list = slices.Delete(e.asking.list, i, i+1)
}

// dropLink gives up what was asked of a link.
func (a *asking) dropLink(id swarm.LinkID) {
	for i := range a.list {
		if a.list[i].to == id {
			a.list[i].to, a.list[i].last = 0, id
		}
	}
}

// answered takes n off the list, and reports whether it had been asked for. Whoever else was asked is told that it
// is not wanted any more.
func (e *Engine) answered(n uint64, from *link) bool {
	a := &e.asking
	if len(a.list) == 0 {
		return false
	}
	i, ok := a.find(n)
	if !ok {
		return false
	}
	x := a.list[i]
	a.list = slices.Delete(a.list, i, i+1)
	if to := e.link(x.to); to != nil {
		to.outstanding--
		if to == from {
			to.window.grow()
		} else {
			e.spare(to, n)
		}
	}
	if x.tries == 0 || x.to != from.id && x.last != from.id {
		return false // it came by itself after all
	}
	e.count.Chunks.Repair++
	return true
}

// askSooner has askAll run at t or before, if there is anything to ask for.
func (e *Engine) askSooner(t time.Duration) {
	if len(e.asking.list) > 0 {
		e.timers.sooner(alarmAsks, t)
	}
}

// askSoon asks at once what has become due since the alarms were last looked at.
func (e *Engine) askSoon() {
	if e.timers.at[alarmAsks] <= e.now {
		e.timers.set(alarmAsks, never)
		e.askAll()
	}
}

// needs reports whether a chunk that is not held is still of use.
func (e *Engine) needs(n uint64) bool {
	return e.epoch != nil && n >= e.epoch.store.Floor() && (!e.player.started || n >= e.player.first)
}

// lacks reports whether a chunk is missing and still of use: not parity, and not of a group that is complete without it.
func (e *Engine) lacks(n uint64) bool {
	if !e.needs(n) {
		return false
	}
	g := e.epoch.store.Of(n)
	if g == nil {
		return true
	}
	index := n - g.Header().First
	return !g.Complete() && index < uint64(g.Header().Data) && !g.Has(int(index))
}

// refill earns tokens: a share of the stream's rate, twice the rate for one who joins.
func (e *Engine) refill() {
	a, r := &e.asking, float64(e.epoch.rate.perSecond())
	if r == 0 {
		r = 125_000
	}
	chunk := float64(e.epoch.rate.chunkWire)
	share := e.orders.repair.Share
	if e.settles() {
		share = joinShare
	}
	depth := max(r*share/4, 16*chunk)
	a.tokens = min(a.tokens+r*share*(e.now-a.at).Seconds(), depth)
	a.at = e.now
}

// askAll makes the requests that can be made, and drops what is held or of no more use.
func (e *Engine) askAll() {
	if e.epoch == nil {
		return
	}
	a := &e.asking
	if e.waits() {
		e.timers.set(alarmAsks, e.now+beatEvery)
		return
	}
	e.joinMore()
	e.refill()
	wire := float64(e.epoch.rate.chunkWire)
	least := wire
	if e.settles() {
		least = wire * float64(min(joinBatch, len(a.list)))
	}
	kept, next := 0, never
	for i := range a.list {
		x := &a.list[i]
		if x.to != 0 && x.until <= e.now {
			if l := e.link(x.to); l != nil {
				l.outstanding--
				l.window.shrink(e.now, x.until)
			}
			x.last, x.to = x.to, 0
		}
		if x.to == 0 && (!e.lacks(x.number) || x.pulled || e.now-x.began > e.patience(x.number)) {
			continue
		}
		if x.to == 0 && x.tries == 0 && x.feeder != 0 {
			if l := e.link(x.feeder); l != nil && l.up && l.outstanding < l.window.size() {
				e.want(l, x) // it counts as part of what is pushed
			}
		}
		if x.to == 0 && a.tokens >= least && e.now >= x.after {
			if l := e.holder(x); l != nil {
				a.tokens, least = a.tokens-wire, wire
				e.want(l, x)
			}
		}
		next = min(next, x.due(e.now))
		if kept < i {
			a.list[kept] = *x
		}
		kept++
	}
	a.list = lean(a.list[:kept])
	e.sendWants()
	if e.joining.on && e.joining.next < e.joining.to {
		next = e.now + askEvery // what is answered makes room for more
	}
	e.timers.set(alarmAsks, next)
}

// due is when a chunk asked for is looked at again, a whole number of askEvery from now: at once while nobody has been asked, else
// when the request is given up.
func (x *ask) due(now time.Duration) time.Duration {
	at := x.until
	if x.to == 0 {
		at = x.after
	}
	return now + max((at-now+askEvery-1)/askEvery, 1)*askEvery
}

// patience is how long a chunk is asked for.
func (e *Engine) patience(n uint64) time.Duration {
	if e.player.started || e.joining.on && n < e.frontier.start {
		return joinPatience // needs says when it is of no more use
	}
	return wantLife
}

// want makes one request.
func (e *Engine) want(l *link, x *ask) {
	l.outstanding++
	x.to = l.id
	x.tries++
	wait := l.rtt + l.rtt/4 + answerSpare + time.Duration(l.outstanding)*queuePenalty
	x.until = e.now + min(max(wait, answerLeast)*time.Duration(min(max(x.tries-1, 1), 3)), answerMost)
	l.wants = append(l.wants, x.number)
	e.asking.wanted++
}

func (e *Engine) sendWants() {
	if e.asking.wanted == 0 {
		return
	}
	e.asking.wanted = 0
	for _, l := range e.links {
		for w := l.wants; len(w) > 0; {
			n := min(len(w), swarm.MaxWant)
			e.mail.want = swarm.Want{Epoch: e.id(), Numbers: w[:n]}
			e.send(l, &e.mail.want)
			w = w[n:]
		}
		l.wants = l.wants[:0]
	}
}

// holder chooses whom to ask: of those known to hold the chunk the one with the shortest round trip and queue; else a
// neighbour that has pushed a later one of its substream, and so has most likely lost it on the way; else, for a
// chunk that is known to exist and that nobody could give so far, the source.
func (e *Engine) holder(x *ask) *link {
	var best *link
	var cost time.Duration
	exists := x.number < e.frontier.verified
	k := int(x.number % e.epoch.substreams)
	bit := uint64(1) << k
	for _, l := range e.links {
		if !l.up || l.outstanding >= l.window.size() || l.busy > e.now {
			continue
		}
		c := l.rtt + time.Duration(l.outstanding)*queuePenalty
		switch {
		case l.has.Has(x.number):
		case l.ours.eager&bit != 0 && x.tries < guesses && l.feeds.at(k).newest > x.number:
			c += answerLeast
		case exists && l.role == swarm.Source && x.tries < guesses && e.now-x.began >= sourceAfter:
			c += 2 * answerLeast
		default:
			continue
		}
		if l.role == swarm.Source {
			c += sourcePenalty
		}
		if l.id == x.last {
			c += answerMost
		}
		if best == nil || c < cost {
			best, cost = l, c
		}
	}
	return best
}
