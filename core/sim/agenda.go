package sim

import "time"

// kind says what an event does.
type kind uint8

const (
	doWake     kind = iota // tick a peer
	doChunk                // a chunk frame arrives
	doControl              // a control frame arrives
	doWritable             // a link takes chunks again
	doAnswer               // a policy's answer is there
	doLinked               // a dial has come through
	doUnlinked             // a dial has not
	doMeet                 // the rendezvous answers
	doJoin                 // a peer joins
	doLeave                // a peer leaves
	doGroup                // the source publishes a group
	doFault                // a fault strikes
	doSecond               // a second has passed
	doProgress             // somebody wants to know how far it is
)

// isOfAll reports whether an event changes more than one peer, or what all peers see.
func (k kind) isOfAll() bool {
	switch k {
	case doLinked, doJoin, doLeave, doGroup, doFault, doSecond, doProgress:
		return true
	case doWake, doChunk, doControl, doWritable, doAnswer, doUnlinked, doMeet:
	}
	return false
}

// happening is one thing that happens. What its fields mean is the kind's affair.
type happening struct {
	what   kind
	stream uint8 // an index, of what concerns one stream alone
	peer   int32 // whom it concerns
	other  int32 // the far end, an index, or a count
	size   int32 // wire bytes of a frame
	frame  []byte
}

// agenda orders events by time, and at one time by the order in which they were added. Events lie in a slice whose
// places are used again; the heap moves small keys only.
type agenda struct {
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

// add puts an event on the agenda.
func (a *agenda) add(at time.Duration, e happening) {
	var slot uint32
	if n := len(a.free); n > 0 {
		slot = a.free[n-1]
		a.free = a.free[:n-1]
		a.slots[slot] = e
	} else {
		slot = uint32(len(a.slots))
		a.slots = append(a.slots, e)
	}
	a.order++
	n := entry{at, a.order, slot}
	a.heap = append(a.heap, n)
	i := len(a.heap) - 1
	for i > 0 {
		up := (i - 1) / fan
		if !n.before(a.heap[up]) {
			break
		}
		a.heap[i] = a.heap[up]
		i = up
	}
	a.heap[i] = n
}

// first is the time and the kind of the first event; false when there is none.
func (a *agenda) first() (time.Duration, kind, bool) {
	if len(a.heap) == 0 {
		return 0, 0, false
	}
	return a.heap[0].at, a.slots[a.heap[0].slot].what, true
}

// next takes the first event off; false when there is none.
func (a *agenda) next() (time.Duration, happening, bool) {
	if len(a.heap) == 0 {
		return 0, happening{}, false
	}
	top := a.heap[0]
	last := len(a.heap) - 1
	n := a.heap[last]
	a.heap = a.heap[:last]
	if last > 0 {
		a.sink(n)
	}
	e := a.slots[top.slot]
	a.slots[top.slot] = happening{}
	a.free = append(a.free, top.slot)
	return top.at, e, true
}

// sink finds n's place from the top down.
func (a *agenda) sink(n entry) {
	i := 0
	for {
		first := fan*i + 1
		if first >= len(a.heap) {
			break
		}
		least := first
		for c := first + 1; c < min(first+fan, len(a.heap)); c++ {
			if a.heap[c].before(a.heap[least]) {
				least = c
			}
		}
		if !a.heap[least].before(n) {
			break
		}
		a.heap[i] = a.heap[least]
		i = least
	}
	a.heap[i] = n
}

// len is the number of events.
func (a *agenda) len() int { return len(a.heap) }
