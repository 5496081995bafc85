package memory

import (
	"container/heap"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// report tells the sink of an endpoint something. It is called without the network's lock.
type report func(transport.Sink)

// entry is something that happens to an endpoint. do runs under the network's lock.
type entry struct {
	at  time.Time
	seq uint64 // of equal times the first planned goes first
	do  func() report
}

// agenda is a heap of entries by time.
type agenda []entry

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].seq < a[j].seq
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(entry)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	(*a)[last] = entry{}
	*a = (*a)[:last]
	return e
}

// plan puts an entry on the endpoint's agenda. Where the endpoint does not run, nothing happens to it.
func (e *endpoint) plan(at time.Time, do func() report) {
	if e.state != running {
		return
	}
	e.planned++
	heap.Push(&e.agenda, entry{at: at, seq: e.planned, do: do})
	if e.agenda[0].seq == e.planned {
		select {
		case e.wake <- struct{}{}:
		default:
		}
	}
}

// next runs the first entry that is due. Without one it answers how long there is to wait; idle means for good.
func (e *endpoint) next() (r report, wait time.Duration, ran bool) {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if len(e.agenda) == 0 {
		return nil, idle, false
	}
	if d := time.Until(e.agenda[0].at); d > 0 {
		return nil, d, false
	}
	return heap.Pop(&e.agenda).(entry).do(), 0, true
}

const idle = time.Duration(1<<63 - 1)
