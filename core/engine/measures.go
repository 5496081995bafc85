package engine

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// measure closes a second of figures; the next batch tells them.
func (e *Engine) measure() {
	e.self.measured = e.now
	e.talk.measured = true
	e.tidy()
}

// tidy gives back the memory of what has gone by: of chunks that are kept no more, and of bursts such as a join's.
func (e *Engine) tidy() {
	for class := range e.uploads.queues {
		e.uploads.queues[class] = trimmed(e.uploads.queues[class])
	}
	e.frontier.missing = trimmed(e.frontier.missing)
	for _, l := range e.links {
		l.out.parked = trimmed(l.out.parked)
		l.wants = trimmed(l.wants)
		if e.epoch != nil {
			floor := e.epoch.store.Floor()
			l.has.Advance(floor)
			l.sent.Advance(floor)
			l.owed.Advance(floor)
		}
	}
}

// trimmed is s in no more than four times the memory that it takes now, and little that it may soon need.
func trimmed[S ~[]T, T any](s S) S {
	const little = 16
	if cap(s) <= max(4*len(s), little) {
		return s
	}
	if len(s) == 0 {
		return nil
	}
	return append(make(S, 0, 2*len(s)), s...)
}

// appendMeasured adds the figures of all links that carried something or whose round trip moved, and begins anew.
func (e *Engine) appendMeasured(out []scheduler.Change) []scheduler.Change {
	for _, l := range e.links {
		if !l.up {
			continue
		}
		f := &l.flow
		span := max(e.now-f.since, beatEvery).Seconds()
		if f.sent > 0 || f.received > 0 || f.busy || moved(uint64(l.rtt), uint64(f.rtt)) {
			m := scheduler.LinkMeasured{
				Link: l.id, RTT: l.rtt,
				SentRate: uint64(float64(f.sent) / span), RecvRate: uint64(float64(f.received) / span),
				Queue: l.out.waited(e.now, &e.uploads),
			}
			if f.sentChunks > 0 {
				m.Loss = min(float64(l.lost-min(f.lost, l.lost))/float64(f.sentChunks), 1)
			}
			if f.chunks > 0 {
				m.Duplicate = float64(f.duplicate) / float64(f.chunks)
			}
			out = append(out, m)
		}
		l.flow = flow{since: e.now, lost: l.lost, rtt: l.rtt, busy: f.sent > 0 || f.received > 0}
		for set := l.feeds.of; set != 0; set &= set - 1 {
			k := bits.TrailingZeros64(set)
			if fd := l.feed(k); fd.samples > 0 {
				out = append(out, scheduler.SubstreamMeasured{
					Link: l.id, Substream: k, Samples: int(fd.samples),
					Lateness: time.Duration(fd.lateness/int64(fd.samples)) * time.Microsecond,
				})
				fd.lateness, fd.samples = 0, 0
			}
		}
	}
	return out
}

// flow counts what a link has carried since it was last measured, in wire bytes.
type flow struct {
	since              time.Duration
	sent, received     uint64
	lost               uint64 // cumulative, then
	rtt                time.Duration
	sentChunks, chunks uint32
	duplicate          uint32
	busy               bool // something was told the time before
}

// waited is how long the oldest chunk has waited for the link.
func (o *outgoing) waited(now time.Duration, q *uploads) time.Duration {
	if o.queued == 0 {
		return 0
	}
	oldest := now
	for _, u := range o.parked {
		oldest = min(oldest, u.key)
	}
	for class := range q.queues {
		for i := range min(len(q.queues[class]), 256) { // the oldest are in front
			if u := &q.queues[class][i]; &u.link.out == o {
				oldest = min(oldest, u.key)
			}
		}
	}
	return max(now-oldest, 0)
}

// receipt passes on what a neighbour has received, from which the uplink is measured.
func (e *Engine) receipt(l *link, m *swarm.Receipt) {
	if c, ok := e.cfg.Budget.(budget.Confirmer); ok {
		age := time.Duration(stamp(e.now)-m.Newest) * stampUnit
		c.Receipt(e.now, l.id, budget.Receipt{Acked: m.Bytes, Delay: m.Delay, Newest: e.now - age})
	}
}

// watchSilence tells the policy of feeders that have gone quiet, and finds links that are dead.
func (e *Engine) watchSilence(l *link) {
	if e.epoch == nil {
		return
	}
	for set := l.ours.eager & e.all(); set != 0; set &= set - 1 {
		e.watchFeed(l, bits.TrailingZeros64(set))
	}
	quiet, probes := e.endures(l)
	if e.now-l.heard < quiet || e.now-l.probeAt < max(probeEvery, 2*l.rtt) {
		return
	}
	if l.probes >= probes {
		e.bye(l, swarm.ByeRewire, "silent")
		return
	}
	l.probes++
	l.probeAt = e.now
	e.ping(l)
}

// watchFeed tells of an eager feeder of substream k that has sent nothing for longer than its share allows, while
// chunks of the substream exist that it was not told to spare. One that is fed by others is given time to find another
// feeder itself.
func (e *Engine) watchFeed(l *link, k int) {
	f := l.feed(k)
	if f.newest > 0 && f.newest-1+e.epoch.substreams >= e.frontier.next {
		return // it has sent the last that is known of
	}
	rate := e.epoch.rate.perSecond() / e.epoch.substreams
	gap := time.Duration(0)
	if rate > 0 {
		gap = time.Duration(uint64(time.Second) * uint64(e.epoch.rate.chunkWire) / rate)
	}
	patience := max(silentAfter, 3*gap) + time.Duration(max(l.hops(k)-1, 0))*hopPatience
	if l.ours.answered&(1<<k) == 0 {
		patience += 2 * l.rtt
	}
	since := f.spoke
	if f.silent || e.now-since <= patience || e.frontier.at < since || e.frontier.at <= e.now-patience {
		return // nobody makes progress: the stream itself has stopped, or this peer is cut off
	}
	f.silent = true
	e.alert.silent(l, e.now)
	l.ours.answered &^= 1 << k // so that it is told when anything comes again
	e.change(scheduler.Silent{Link: l.id, Substream: k, For: e.now - since})
}
