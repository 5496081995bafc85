package engine

import "fmt"

// Check finds a count that does not agree with what it counts.
func Check(e *Engine) error {
	q := &e.uploads
	total, parked := 0, 0
	queued := map[*link]int{}
	for class := range q.queues {
		total += len(q.queues[class])
		for i := range q.queues[class] {
			queued[q.queues[class][i].link]++
		}
	}
	for _, l := range e.links {
		parked += len(l.out.parked)
		queued[l] += len(l.out.parked)
		if int(l.out.queued) != queued[l] {
			return fmt.Errorf("link %d: %d chunks queued, counted %d", l.id, queued[l], l.out.queued)
		}
		if n := l.owed.Count(); n > maxOwed {
			return fmt.Errorf("link %d: owes %d chunks", l.id, n)
		}
	}
	if total+parked != q.total || parked != q.parked {
		return fmt.Errorf("%d chunks queued and %d parked, counted %d and %d", total, parked, q.total, q.parked)
	}
	outstanding := map[*link]int{}
	for i := range e.asking.list {
		x := &e.asking.list[i]
		if i > 0 && e.asking.list[i-1].number >= x.number {
			return fmt.Errorf("asked for %d after %d", x.number, e.asking.list[i-1].number)
		}
		if l := e.link(x.to); l != nil {
			outstanding[l]++
		} else if x.to != 0 {
			return fmt.Errorf("%d is asked of link %d, which is gone", x.number, x.to)
		}
	}
	for i, l := range e.links {
		if e.ids[i] != l.id || i > 0 && e.ids[i-1] >= l.id {
			return fmt.Errorf("link %d is out of place", l.id)
		}
		if int(l.outstanding) != outstanding[l] {
			return fmt.Errorf("link %d: %d requests, counted %d", l.id, outstanding[l], l.outstanding)
		}
	}
	for a := range alarms {
		if e.timers.at[a] < e.timers.next {
			return fmt.Errorf("alarm %d at %v, next is %v", a, e.timers.at[a], e.timers.next)
		}
	}
	if len(e.frontier.missing) > 2*maxJump || len(e.talk.pending) > 8192 || len(e.candidates.list) > maxCandidates {
		return fmt.Errorf("%d missing, %d changes, %d candidates", len(e.frontier.missing), len(e.talk.pending), len(e.candidates.list))
	}
	return nil
}
