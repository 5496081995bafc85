package budget

import (
	"cmp"
	"slices"
	"time"
)

// losses finds what share of what is sent does not arrive. A receipt names the newest frame that it counts: what was sent on the
// link before that and is not counted is lost, for a link's frames go one after another through the queues.
//
//	sent on a link  =====|========|=====|======|===|--->
//	                                    newest
//	received        <---- acked ---><-- lost -->
//
// A queue that overflows hits all links alike, so all of them tell of one but those that may be slow, or lie.
type losses struct{ links []lossy } // by key

// lossy is what was sent on a link, and how much of it is lost. All are wire bytes.
type lossy struct {
	key   linkKey
	sent  int64
	base  uint64 // that the peer had received before
	acked int64  // that it has received since
	steps [16]sendStep
	step  int           // that grows
	begun time.Duration // when it did
	pace  time.Duration // that one grows for
	fresh int64         // what was sent before is not looked at

	// The share of the losses in what has become due since it was counted from.
	from  lossCount
	share int64 // of perWhole
	of    int64
	at    time.Duration // 0 for never
}

// sendStep is how much had been sent, modulo 1<<32, once the frames of a moment had left.
type sendStep struct {
	at   uint32 // milliseconds
	sent uint32
}

// lossCount is how much was due at a time, and how much of it is lost, more or less.
type lossCount struct {
	at               time.Duration
	due, lost, doubt int64
}

const (
	perWhole     = 1000
	lossQuickest = 4 * time.Millisecond // that a step grows for
	lossSlowest  = 64 * time.Millisecond
	lossReach    = 1200            // milliseconds that the steps reach back
	lossFresh    = time.Second     // that a share counts
	lossLeast    = 4_400           // bytes that a share is of at least
	lossMost     = 17_600          // and counts for at most
	lossNeeds    = 33_000          // that all of them are of together
	lossSpan     = 3 * time.Second // that a share is of at most
	lossLinks    = 3               // on so many links
)

func (l *losses) find(k linkKey) (int, bool) {
	return slices.BinarySearchFunc(l.links, k, func(x lossy, k linkKey) int { return x.key.compare(k) })
}

// sent takes notice of bytes that leave; below zero, of some that do not after all.
func (l *losses) sent(now time.Duration, k linkKey, bytes int) {
	i, ok := l.find(k)
	if !ok {
		if len(l.links) >= maxLinks {
			return
		}
		l.links = slices.Insert(l.links, i, lossy{key: k, begun: now, pace: lossQuickest})
	}
	x := &l.links[i]
	if now-x.begun >= x.pace {
		x.step, x.begun = (x.step+1)%len(x.steps), now
		switch old := x.steps[x.step]; {
		case old == sendStep{} || x.step%8 != 0:
		case uint32(now/time.Millisecond)-old.at < lossReach:
			x.pace = min(2*x.pace, lossSlowest)
		case uint32(now/time.Millisecond)-old.at > 4*lossReach:
			x.pace = max(x.pace/2, lossQuickest)
		}
	}
	x.sent += int64(bytes)
	x.steps[x.step] = sendStep{uint32(now / time.Millisecond), uint32(x.sent)}
}

// due is how much of what was sent has arrived or is lost when the newest that has arrived left at that time: between low and
// high. ok is false when that is too long ago.
func (x *lossy) due(newest time.Duration) (low, high int64, ok bool) {
	at := uint32(newest / time.Millisecond)
	high = x.sent
	for i := range x.steps {
		s := &x.steps[(x.step+len(x.steps)-i)%len(x.steps)]
		if *s == (sendStep{}) {
			break
		}
		upTo := x.sent - max(int64(int32(uint32(x.sent)-s.sent)), 0) // less was sent since where frames came back
		if int32(at-s.at) > 0 {
			return upTo, high, true
		}
		high = upTo
	}
	return 0, 0, false
}

// receipt takes what a peer has received.
func (l *losses) receipt(now time.Duration, k linkKey, r *Receipt) {
	i, ok := l.find(k)
	if !ok {
		return
	}
	x := &l.links[i]
	got := int64(r.Acked - x.base)
	if got < x.acked {
		*x = lossy{key: k, base: r.Acked, begun: now, pace: lossQuickest}
		return
	}
	x.acked = got
	low, high, ok := x.due(r.Newest)
	if !ok {
		return
	}
	c := lossCount{at: now, due: low, lost: (low+high)/2 - x.acked, doubt: high - low}
	switch n := c.due - x.from.due; {
	case x.fresh > 0 && low >= x.fresh:
		x.fresh, x.from = 0, c
	case x.fresh == 0 && now-x.from.at > lossSpan: // of too long a time
		x.from = c
	case x.fresh == 0 && n >= max(lossLeast, 6*(c.doubt+x.from.doubt)):
		x.share, x.of, x.at = min(max(perWhole*(c.lost-x.from.lost)/n, 0), perWhole), min(n, lossMost), now
		x.from = c
	}
}

// read is the share of losses, of perWhole, over all links but the quarter that lost most: neither a slow neighbour nor one that
// lies decides it, and what is lost by chance is no more than it is. It is 0 while too little was due.
func (l *losses) read(now time.Duration) int64 {
	var list [maxDelays]lossShare
	n, all := 0, int64(0)
	for i := range l.links {
		if x := &l.links[i]; x.at > 0 && now-x.at <= lossFresh && n < maxDelays {
			list[n] = lossShare{x.share, x.of}
			all += x.of
			n++
		}
	}
	if n < lossLinks || all < lossNeeds {
		return 0
	}
	slices.SortFunc(list[:n], func(a, b lossShare) int { return cmp.Compare(a.share, b.share) })
	lost, of := int64(0), int64(0)
	for _, s := range list[:n-(n+3)/4] {
		lost += s.share * s.of
		of += s.of
	}
	return lost / max(of, 1)
}

// lossShare is a link's share of losses, and of how much.
type lossShare struct{ share, of int64 }

// begin forgets what is known: from now on, only what is yet to be sent counts.
func (l *losses) begin() {
	for i := range l.links {
		x := &l.links[i]
		x.at, x.fresh = 0, max(x.sent, 0)
	}
}

func (l *losses) forget(k linkKey) {
	if i, ok := l.find(k); ok {
		l.links = slices.Delete(l.links, i, i+1)
	}
}

// drop forgets the links of a share.
func (l *losses) drop(share uint64) {
	l.links = slices.DeleteFunc(l.links, func(x lossy) bool { return x.key.share == share })
}
