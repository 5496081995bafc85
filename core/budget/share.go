package budget

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

const (
	weightShift = 10                     // of virtual time
	grace       = 5 * time.Millisecond   // that a share which was refused may come late
	never       = 1000 * time.Hour       // retry of what cannot be granted
	urgentLead  = 4                      // depths that a more urgent class may run ahead
	step        = 500 * time.Microsecond // until a share that runs ahead asks again
	leastWait   = 200 * time.Microsecond // until any asks again: shorter than what the bucket holds takes to leave
)

// Share is one stream's part of the uplink. It is a Source and a Confirmer.
type Share struct {
	of      *Allocator
	id      uint64
	weight  uint64
	virtual uint64          // when the next grant starts
	bound   uint64          // see Bind
	waits   scheduler.Class // most urgent class that was refused; 0 when the share does not wait
	until   time.Duration   // until when it is waited for
}

// Share opens a share. weight is taken to be within 1..1000.
func (a *Allocator) Share(weight int) *Share {
	a.opened++
	s := &Share{of: a, id: a.opened, weight: uint64(min(max(weight, 1), 1000)), virtual: a.virtual}
	a.shares = append(a.shares, s)
	a.weights += s.weight
	return s
}

// SetWeight changes the share's part from the next grant on. weight is taken to be within 1..1000.
func (s *Share) SetWeight(weight int) {
	w := uint64(min(max(weight, 1), 1000))
	if slices.Contains(s.of.shares, s) {
		s.of.weights += w - s.weight
	}
	s.weight = w
}

// Close gives the share's part back to the others. Nothing is granted to it any more.
func (s *Share) Close() {
	a := s.of
	if i := slices.Index(a.shares, s); i >= 0 {
		a.shares = slices.Delete(a.shares, i, i+1)
		a.weights -= s.weight
		a.estimate.drop(s.id)
	}
}

// Take asks for size wire bytes, see Source. A Take of more than the allocator's Largest is granted only where the
// bucket is as deep as that.
func (s *Share) Take(now time.Duration, class scheduler.Class, size int) (ok bool, retry time.Duration) {
	a := s.of
	if slices.Index(a.shares, s) < 0 || int64(size) > a.bucket.depth {
		return false, now + never
	}
	if size <= 0 {
		return true, now
	}
	a.flow(now)
	bytes := int64(size)
	asked := class
	if class == scheduler.ClassRepair && !a.repair.has(bytes) {
		class = scheduler.ClassExtra
	}
	need := min(bytes+a.headroom(class), a.bucket.depth)
	start := max(s.virtual, a.virtual)
	if behind := a.behind(now, s, class, start); behind != nil {
		return s.refuse(now, class, max(step, a.wait(need), behind.until-grace-now+step))
	}
	if !a.bucket.has(need) {
		return s.refuse(now, class, a.wait(need))
	}
	a.bucket.take(bytes)
	a.granted.add(now, uint64(size))
	a.unheard.grant(now, bytes)
	if a.cfg.Cap == 0 && a.unheard.deaf(now) {
		a.estimate.unlearn()
	}
	if asked == scheduler.ClassRepair && class == asked {
		a.repair.take(bytes)
	}
	a.advance(now, s, start)
	s.virtual = start + s.cost(bytes)
	if class <= s.waits {
		s.waits = 0
	}
	return true, now
}

// wait is how long it takes until size bytes are there, with what will be charged meanwhile: whoever asks too early only asks
// again.
func (a *Allocator) wait(size int64) time.Duration {
	return max(a.bucket.wait(size, int64(a.charged.sum)), leastWait)
}

// refuse has the share waited for.
func (s *Share) refuse(now time.Duration, class scheduler.Class, wait time.Duration) (bool, time.Duration) {
	if s.waits == 0 || now > s.until || class <= s.waits {
		s.waits, s.until = class, now+wait+grace
	}
	return false, now + wait
}

// cost is how far bytes move the share's virtual time.
func (s *Share) cost(bytes int64) uint64 { return uint64(bytes) << weightShift / s.weight }

func (s *Share) waiting(now time.Duration) bool { return s.waits != 0 && now <= s.until }

// behind is a share that waits, and that s would run too far ahead of; nil when there is none.
func (a *Allocator) behind(now time.Duration, s *Share, class scheduler.Class, start uint64) *Share {
	for _, o := range a.shares {
		if o == s || !o.waiting(now) {
			continue
		}
		lead := a.bucket.depth
		if class < o.waits {
			lead *= urgentLead
		}
		if start > max(o.virtual, a.virtual)+s.cost(lead) {
			return o
		}
	}
	return nil
}

// advance moves the allocator's virtual time on to the least of those who want bytes, so that a share that was idle
// begins where the others are.
func (a *Allocator) advance(now time.Duration, s *Share, start uint64) {
	for _, o := range a.shares {
		if o != s && o.waiting(now) {
			start = min(start, max(o.virtual, a.virtual))
		}
	}
	a.virtual = max(a.virtual, start)
}

// Rate is what the share can count on, see Source: its part of the bucket's rate, less what is charged.
func (s *Share) Rate() (rate uint64, shown bool) {
	all, shown := s.of.estimate.shownRate()
	return s.part(all - min(all, s.of.charged.sum)), shown
}

// Cap is the share's part of the cap, see Source.
func (s *Share) Cap() uint64 { return s.part(s.of.cfg.Cap) }

// Receipt is as Confirmer says.
func (s *Share) Receipt(now time.Duration, link swarm.LinkID, r Receipt) {
	s.of.receipt(now, linkKey{s.id, link}, &r)
}

// Sent is as Confirmer says. Under a cap there is nothing to find out.
func (s *Share) Sent(now time.Duration, link swarm.LinkID, size int) {
	if e := &s.of.estimate; !e.capped {
		e.gauge.sent(now, linkKey{s.id, link}, size)
		e.losses.sent(now, linkKey{s.id, link}, size)
	}
}

// Forget is as Confirmer says.
func (s *Share) Forget(link swarm.LinkID) { s.of.estimate.forget(linkKey{s.id, link}) }
