package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// frontier knows which chunks exist, and since when.
//
// Numbers leave the source in ascending order, so whoever sees or is offered a number knows that all below it have
// left. When a number is passed over, it is missing from then on, and it is overdue once it is later than
// its substream usually is. That needs no clock but the local one, and neither a source that stalls nor a large
// group that is paced makes anything late.
//
//	         start                    next
//	....joined |  held, or missing      | not known to exist
type frontier struct {
	begun    bool
	hearsay  bool          // it began where a neighbour said
	since    time.Duration // when it began
	start    uint64        // numbers below are no concern of the frontier; a joiner pulls them
	next     uint64        // one past the greatest number known to exist
	verified uint64        // one past the greatest number held
	missing  heap[missed]
	at       time.Duration // when verified last moved
	moved    time.Duration // when next last moved, or the epoch began
	paused   bool          // the policy was told that it has not moved for a while
	carries  bool          // chunks of the epoch before had come: of this one the first are wanted too
	sights   []sight       // ring by number
	lags     []lag         // by substream
}

// sight is what is remembered of one number. Times are microseconds modulo 1<<32.
type sight struct {
	number uint32 // low half, plus one; 0 for an empty place
	passed uint32 // when the frontier passed it
	first  uint32 // when the first copy or offer of it came
	seen   bool   // first is set
}

// lag models by how much later than the frontier the chunks of a substream arrive.
type lag struct {
	mean, deviation float64 // microseconds
	samples         int
}

const (
	leapGrace   = 10 * time.Millisecond // that frames may overtake one another
	mostLeaps   = 8                     // chunks of a substream that may be passed over at once
	parityGrace = 60 * time.Millisecond // that an overdue chunk's parity is waited for
	lagUnknown  = 25 * time.Millisecond // deviation before there are samples
	lagSamples  = 8                     // samples before the model is believed
	lagMost     = time.Second           // threshold at most
	leastSights = 256
	mostSights  = 8192
)

// missed is a number that was passed over, and when it is overdue.
type missed struct {
	due    time.Duration
	number uint64
	waived bool         // it was overdue, and its parity is waited for
	from   swarm.LinkID // who has passed it over; 0 where that is not known
}

func (m missed) before(o missed) bool {
	return m.due < o.due || m.due == o.due && m.number < o.number
}

func (f *frontier) reset(d *chunk.Descriptor) {
	size := leastSights
	if d.ChunkSize > 0 {
		perSecond := int(min(d.Bitrate/8/uint64(d.ChunkSize), mostSights))
		for 2*size < 3*perSecond && size < mostSights {
			size *= 2
		}
	}
	if d.Bitrate == 0 {
		size = 1024
	}
	*f = frontier{missing: f.missing[:0], sights: make([]sight, size), lags: make([]lag, d.Substreams)}
}

// begin sets where the frontier starts from.
func (f *frontier) begin(n uint64, now time.Duration) {
	f.begun, f.hearsay, f.start, f.next, f.since, f.moved = true, false, n, n, now, now
}

func micros(t time.Duration) uint32 { return uint32(t / time.Microsecond) }

// sight is the place of n in the ring; what is there of an older number is forgotten.
func (f *frontier) sight(n uint64) *sight {
	s := &f.sights[n%uint64(len(f.sights))]
	if s.number != uint32(n)+1 {
		*s = sight{number: uint32(n) + 1}
	}
	return s
}

// recalls reports whether n is new enough for its sight to be kept.
func (f *frontier) recalls(n uint64) bool {
	return n >= f.start && n+uint64(len(f.sights)) > f.next
}

// offered notes the first copy or offer of n, and answers how long ago that was: 0 for this one.
func (f *frontier) offered(n uint64, now time.Duration) time.Duration {
	s := f.sight(n)
	if !s.seen {
		s.seen, s.first = true, micros(now)
		return 0
	}
	return time.Duration(micros(now)-s.first) * time.Microsecond
}

// pass moves the frontier beyond n: what it passes over is missing from now on.
func (e *Engine) pass(n uint64) {
	f := &e.frontier
	if n < f.next {
		return
	}
	if !f.begun {
		f.begin(n, e.now)
	}
	if n-f.next > maxJump {
		e.rejoin(n)
	}
	for m := f.next; m <= n; m++ {
		f.sight(m).passed = micros(e.now)
		if m < n {
			e.miss(m)
		}
	}
	f.next, f.moved = n+1, e.now
	e.pauses()
}

// disprove begins anew where the stream really is, when a chunk that came by itself shows that the frontier began far
// beyond it: whoever said so was wrong.
func (e *Engine) disprove(h *chunk.GroupHeader, n uint64) {
	f := &e.frontier
	if !f.hearsay {
		return
	}
	if n >= f.start {
		f.hearsay = false
		return
	}
	if n+e.soon() < f.start {
		f.begin(h.First, e.now)
		f.missing = f.missing[:0]
		e.joining.to = min(e.joining.to, h.First)
	}
}

// soon is how many chunk numbers two seconds of the stream take, and some more.
func (e *Engine) soon() uint64 {
	return min(2*e.epoch.rate.perSecond()/uint64(max(e.epoch.rate.chunkWire, 1))+256, maxAhead)
}

// passHeld is pass for a number that is held, passOffered for one that is not.
func (e *Engine) passHeld(n uint64) {
	e.pass(n)
	if f := &e.frontier; n >= f.verified {
		f.verified, f.at = n+1, e.now
	}
}

func (e *Engine) passOffered(n uint64) {
	if n < e.frontier.next {
		return
	}
	e.pass(n)
	e.miss(n)
}

// miss watches for a number that is known to exist.
func (e *Engine) miss(n uint64) {
	f := &e.frontier
	if e.orders.repair == noRepair && e.talk.watch.Late == 0 || len(f.missing) >= 2*maxJump {
		return
	}
	due := e.now + e.threshold(n)
	f.missing.push(missed{due: due, number: n})
	e.timers.sooner(alarmMissing, f.missing[0].due)
}

// leaps takes notice that l, which pushes in order, has passed over chunks of a substream: what it has, the way has lost. before
// is one more than the number that came before n.
func (e *Engine) leaps(l *link, before, n uint64) {
	s := e.epoch.substreams
	if before == 0 || l.ours.eager&(1<<(n%s)) == 0 || e.orders.repair == noRepair {
		return
	}
	for m := n - min(n/s, mostLeaps)*s; m < n; m += s {
		if m+1 > before && m >= e.frontier.start && e.lacks(m) {
			e.frontier.missing.push(missed{due: e.now + leapGrace, number: m, from: l.id})
			e.timers.sooner(alarmMissing, e.frontier.missing[0].due)
		}
	}
}

// threshold is how long after the frontier a chunk may come without being overdue.
func (e *Engine) threshold(n uint64) time.Duration {
	l := &e.frontier.lags[n%e.epoch.substreams]
	r := &e.orders.repair
	deviations := r.Deviations
	if *r == noRepair {
		deviations = 4
	}
	mean, deviation := l.mean, l.deviation
	if l.samples < lagSamples {
		deviation = max(deviation, float64(lagUnknown/time.Microsecond))
	}
	t := time.Duration(mean+float64(deviations*deviation))*time.Microsecond + r.Slack
	return min(t, lagMost)
}

// lagged learns from a chunk that came by itself.
func (e *Engine) lagged(n uint64) {
	f := &e.frontier
	if !f.recalls(n) {
		return
	}
	s := f.sight(n)
	if s.passed == 0 {
		return
	}
	x := float64(micros(e.now) - s.passed)
	l := &f.lags[n%e.epoch.substreams]
	if l.samples == 0 {
		l.mean, l.deviation = x, x/2
	}
	l.samples++
	off := x - l.mean
	l.mean += off / 16
	if off < 0 {
		off = -off
	}
	l.deviation += (off - l.deviation) / 8
}

// overdue asks for the missing chunks whose time has come, and gives parity a while longer to make up for them first.
func (e *Engine) overdue() {
	f := &e.frontier
	asked := false
	for len(f.missing) > 0 && f.missing[0].due <= e.now {
		m := f.missing.pop()
		n := m.number
		if n < f.start || !e.lacks(n) {
			continue
		}
		if g := e.epoch.store.Of(n); !m.waived && m.from == 0 && g != nil && e.restorable(g.Header()) {
			f.missing.push(missed{due: e.now + parityGrace, number: n, waived: true})
			continue
		}
		e.late(n)
		if e.orders.repair != noRepair {
			if x := e.ask(n); x != nil && x.tries == 0 {
				x.feeder = m.from
			}
			asked = true
		}
	}
	if len(f.missing) > 0 {
		e.timers.set(alarmMissing, f.missing[0].due)
	}
	if asked {
		e.askSooner(e.now)
	}
}

// found passes over the missing chunks that have come meanwhile, so that nobody is woken for one of them.
func (e *Engine) found() {
	f := &e.frontier
	if e.timers.next != e.timers.at[alarmMissing] || len(f.missing) == 0 {
		return
	}
	was := f.missing[0].due
	for len(f.missing) > 0 && (f.missing[0].number < f.start || !e.lacks(f.missing[0].number)) {
		f.missing.pop()
	}
	switch {
	case len(f.missing) == 0:
		e.timers.set(alarmMissing, never)
	case f.missing[0].due != was:
		e.timers.set(alarmMissing, f.missing[0].due)
	}
}
