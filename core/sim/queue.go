package sim

import "time"

// queue orders events by time, and at one time by the order in which they were added. Events lie in a slice whose
// places are used again; the heap moves small keys only.
type queue struct {
	heap  []entry
	order uint64
	slots []happening
	free  []uint32
}

type entry struct {
	at    time.Duration
	order uint64
	slot  uint32
}

func (e entry) before(o entry) bool {
	return e.at < o.at || e.at == o.at && e.order < o.order
}

// fan is how many children a place of the heap has: four keep the heap shallow and its siblings in few cache lines.
const fan = 4

// add puts an event in.
func (q *queue) add(at time.Duration, e happening) {
	var slot uint32
	if n := len(q.free); n > 0 {
		slot = q.free[n-1]
		q.free = q.free[:n-1]
		q.slots[slot] = e
	} else {
		slot = uint32(len(q.slots))
		q.slots = append(q.slots, e)
	}
	q.order++
	n := entry{at, q.order, slot}
	q.heap = append(q.heap, n)
	i := len(q.heap) - 1
	for i > 0 {
		up := (i - 1) / fan
		if !n.before(q.heap[up]) {
			break
		}
		q.heap[i] = q.heap[up]
		i = up
	}
	q.heap[i] = n
}

// first is the time and the kind of the first event; false when there is none.
func (q *queue) first() (time.Duration, kind, bool) {
	if len(q.heap) == 0 {
		return 0, 0, false
	}
	return q.heap[0].at, q.slots[q.heap[0].slot].what, true
}

// next takes the first event off; false when there is none.
func (q *queue) next() (time.Duration, happening, bool) {
	if len(q.heap) == 0 {
		return 0, happening{}, false
	}
	top := q.heap[0]
	last := len(q.heap) - 1
	n := q.heap[last]
	q.heap = q.heap[:last]
	if last > 0 {
		q.sink(n)
	}
	e := q.slots[top.slot]
	q.slots[top.slot] = happening{}
	q.free = append(q.free, top.slot)
	return top.at, e, true
}

// sink finds n's place from the top down.
func (q *queue) sink(n entry) {
	i := 0
	for {
		first := fan*i + 1
		if first >= len(q.heap) {
			break
		}
		least := first
		for c := first + 1; c < min(first+fan, len(q.heap)); c++ {
			if q.heap[c].before(q.heap[least]) {
				least = c
			}
		}
		if !q.heap[least].before(n) {
			break
		}
		q.heap[i] = q.heap[least]
		i = least
	}
	q.heap[i] = n
}
