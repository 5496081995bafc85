package budget

import (
	"slices"
	"time"
)

// gauge finds what an uplink carries from bursts far below that. Each of the rates of gaugeCosts is played through as a
// queue that all that is sent goes into, and the one whose delays are those that receipts tell is ours. It is packet
// dispersion (Dovrolis et al., INFOCOM 2001) with everything that is sent as the train.
//
//	sent ---> queue at 96 kb/s ---> mean delay of the frames on a link ---\
//	     ---> queue at 125 kb/s --> ...                                    > which of them did the receipt tell?
//	     ---> ...               --> ...                                   /
//
// A group that is relayed at once keeps an uplink busy for tens of milliseconds even where little of it is used, so the
// first receipts tell: neither does the uplink have to be filled, nor is anybody's chunk late for it.
//
// A receipt that tells of no delay says at least what the uplink carries. The reading is made in reading.go. No link
// has more than a third of the samples that are kept, so that no neighbour decides it alone once others tell; of the first few it may.
type gauge struct {
	at      time.Duration
	queues  [gauges]int64 // picoseconds until all that was sent has left, by rate
	links   []gauged      // by key
	samples [gaugeKeeps]sample
}

// gauged is what was sent on a link since its last receipt.
type gauged struct {
	key    linkKey
	frames int32
	delays [gauges]int32 // microseconds, sums over the frames, by rate
	least  [gauges]int32 // microseconds, of any frame of the link, by rate: the peer counts delays from there
	any    bool          // least holds something
	later  bool          // a receipt has come
	first  int64         // bytes until then
}

// sample is what one receipt says of the uplink.
type sample struct {
	key   linkKey
	at    time.Duration
	rate  int64 // bytes per second; 0 for none
	bound bound
}

// bound says how a rate is meant.
type bound uint8

const (
	exactly bound = 0
	atLeast bound = 1
)

const (
	gauges      = len(gaugeCosts)
	gaugeKeeps  = 15                     // samples that count
	gaugeLinks  = 5                      // of them, from one link
	gaugeNeeds  = 3                      // of them, until they count
	gaugeFresh  = 5 * time.Second        // that a sample counts
	gaugeFrames = 4                      // frames that a receipt must be about
	gaugeMost   = 1024                   // frames that count of those between two receipts
	noise       = 4 * time.Millisecond   // that a delay without any queue may show
	jitter      = 700 * time.Microsecond // of it, what the way commonly adds to a mean

	pico = int64(1_000_000_000_000) // picoseconds of a second, the longest queue played through
)

// gaugeCosts are the rates that are played through, as picoseconds a byte takes: 12 kB/s to 14 MB/s, each 1.3 times the
// one before.
var gaugeCosts = [...]int64{
	83_333_333, 64_102_564, 49_309_665, 37_930_511, 29_177_316, 22_444_090, 17_264_684,
	13_280_526, 10_215_789, 7_858_300, 6_044_846, 4_649_881, 3_576_832, 2_751_409,
	2_116_469, 1_628_053, 1_252_348, 963_345, 741_034, 570_027, 438_482,
	337_294, 259_457, 199_582, 153_525, 118_096, 90_843, 69_879,
}

func (g *gauge) find(k linkKey) (int, bool) {
	return slices.BinarySearchFunc(g.links, k, func(l gauged, k linkKey) int { return l.key.compare(k) })
}

// sent takes notice of a frame that leaves; below zero, of one that does not after all.
func (g *gauge) sent(now time.Duration, k linkKey, bytes int) {
	i, ok := g.find(k)
	if !ok {
		if len(g.links) >= maxLinks {
			return
		}
		g.links = slices.Insert(g.links, i, gauged{key: k})
	}
	l, one := &g.links[i], int32(1)
	if bytes < 0 {
		one = -1
	}
	if l.frames >= gaugeMost {
		one = 0
	}
	l.frames = max(l.frames+one, 0)
	if !l.later {
		l.first += int64(bytes)
	}
	passed, size := g.passed(now), int64(bytes)
	for j := range g.queues {
		before := max(g.queues[j]-passed, 0)
		after := min(max(before+size*gaugeCosts[j], 0), pico)
		g.queues[j] = after
		delay := int32(uint64(min(before, after)) / 1_000_000)
		l.delays[j] = max(l.delays[j]+one*delay, 0)
		if delay < l.least[j] || !l.any {
			l.least[j] = delay
		}
	}
	l.any = true
}

// charged takes notice of bytes that no receipt will be about: they delay what comes after them.
func (g *gauge) charged(now time.Duration, bytes int) {
	passed, size := g.passed(now), int64(bytes)
	for j := range g.queues {
		g.queues[j] = min(max(g.queues[j]-passed, 0)+size*gaugeCosts[j], pico)
	}
}

// passed is the time since the queues were as they are, in picoseconds by which they are shorter now.
func (g *gauge) passed(now time.Duration) int64 {
	d := int64(min(now-g.at, time.Second)) * 1000
	g.at = now
	return d
}

// receipt takes the mean delay of what was sent on a link.
func (g *gauge) receipt(now time.Duration, k linkKey, delay time.Duration, acked uint64) {
	i, ok := g.find(k)
	if !ok {
		return
	}
	l, s := &g.links[i], sample{key: k, at: now}
	if l.frames >= gaugeFrames && (l.later || int64(acked) >= l.first*7/8) {
		s.rate, s.bound = l.tells(delay)
	}
	l.frames, l.delays, l.later = 0, [gauges]int32{}, true
	if s.rate > 0 {
		g.keep(s)
	}
}

// tells is the rate at which the frames would have had that mean delay; 0 where no rate explains it.
func (l *gauged) tells(delay time.Duration) (rate int64, b bound) {
	mean := func(j int) int64 { return int64(l.delays[j]/l.frames - l.least[j]) }
	d := int64(delay / time.Microsecond)
	if l.later {
		d -= int64(jitter / time.Microsecond)
	}
	if delay < noise {
		for j, cost := range gaugeCosts {
			if mean(j) < int64(2*noise/time.Microsecond) {
				break
			}
			rate = pico / cost
		}
		return rate, atLeast
	}
	if d <= mean(gauges-1) {
		return pico / gaugeCosts[gauges-1], exactly
	}
	for j := gauges - 1; j > 0; j-- {
		if slow, fast := mean(j-1), mean(j); d < slow {
			return pico / between(gaugeCosts[j], d, fast, slow), exactly
		}
	}
	return 0, exactly // no queue of ours is as long: something else delays, or the queue is longer than is played through
}

// begin forgets what was read: what was sent has not all been in the queue, which is of that length.
func (g *gauge) begin(queue time.Duration) {
	g.samples = [gaugeKeeps]sample{}
	for j := range g.queues {
		g.queues[j] = min(g.queues[j], int64(queue)*1000)
	}
	for i := range g.links {
		g.links[i].frames, g.links[i].delays = 0, [gauges]int32{}
	}
}

// keep puts a sample in the place of the oldest, of its own link where that has enough of them.
func (g *gauge) keep(s sample) {
	own, all, n := -1, 0, 0
	for i := range g.samples {
		x := &g.samples[i]
		if x.at < g.samples[all].at {
			all = i
		}
		if x.rate != 0 && x.key == s.key {
			n++
			if own < 0 || x.at < g.samples[own].at {
				own = i
			}
		}
	}
	if n >= gaugeLinks {
		all = own
	}
	g.samples[all] = s
}

func (g *gauge) forget(k linkKey) {
	if i, ok := g.find(k); ok {
		g.links = slices.Delete(g.links, i, i+1)
	}
}

// drop forgets the links of a share.
func (g *gauge) drop(share uint64) {
	g.links = slices.DeleteFunc(g.links, func(l gauged) bool { return l.key.share == share })
}
