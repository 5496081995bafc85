package engine

import (
	"math/bits"
	"slices"
	"time"
)

// feed is what a neighbour gives of one substream.
type feed struct {
	last     time.Duration // a chunk came
	spoke    time.Duration // a chunk came, we subscribed, or we told it to spare a chunk
	lateness int64         // microseconds, sum since measured
	usual    float64       // microseconds by which its copies are later than the first copy or offer
	newest   uint64        // one more than the greatest number that came
	samples  int32
	copies   uint8 // as far as quickCopies
	silent   bool  // the policy was told
}

// feeds are what a neighbour gives, by substream. Most give a few of them, and the others take no memory.
type feeds struct {
	of   uint64 // the substreams in list: bit k is substream k
	list []feed // ascending
}

func (f *feeds) place(k int) int { return bits.OnesCount64(f.of & (1<<k - 1)) }

// at is what the neighbour gives of substream k.
func (f *feeds) at(k int) feed {
	if f.of&(1<<k) == 0 {
		return feed{}
	}
	return f.list[f.place(k)]
}

// feed is what the neighbour gives of substream k, to be changed before another is asked for.
func (l *link) feed(k int) *feed {
	f := &l.feeds
	i := f.place(k)
	if f.of&(1<<k) == 0 {
		f.of |= 1 << k
		f.list = slices.Insert(f.list, i, feed{})
	}
	return &f.list[i]
}

func (f *feed) sample(late time.Duration) {
	f.lateness += late.Microseconds()
	f.samples++
}

// came takes notice of a copy of n, late behind the first copy or offer.
func (f *feed) came(n uint64, late time.Duration) {
	f.newest = max(f.newest, n+1)
	if f.copies == 0 {
		f.usual = float64(late.Microseconds())
	}
	f.copies = min(f.copies+1, quickCopies)
	f.usual += (float64(late.Microseconds()) - f.usual) / 8
}

// tooQuick reports whether a feeder of substream k has sent a chunk before it can be told to spare it.
func (l *link) tooQuick(k int) bool {
	f := l.feeds.at(k)
	return f.copies >= quickCopies && f.usual < float64(l.rtt.Microseconds())
}

// quickCopies is how many copies of a feeder must have come before it counts as quick.
const quickCopies = 8

// sampleOffer compares a neighbour's offer of n with the first copy or offer of it.
func (e *Engine) sampleOffer(l *link, n uint64) {
	if e.frontier.recalls(n) {
		l.feed(int(n % e.epoch.substreams)).sample(e.frontier.offered(n, e.now))
	}
}
