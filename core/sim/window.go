package sim

import "time"

// lanes is how many parts a window is divided into. It bounds how many cores a run can use, and changes no report.
const lanes = 8

// few events are not worth being divided.
const few = 64

// lane serves some of the peers in a window. Its methods are what events do; but for those of all, they change one
// peer alone, and what they make happen elsewhere waits in later.
type lane struct {
	*world
	now     time.Duration
	until   time.Duration // end of the window
	serving int32         // index of the peer; -1 for an event of all
	mine    []planned     // its events in the window, by time
	done    int           // of them
	later   []planned     // for the agenda, in the order in which they were made
	served  []*peer       // by the lane
	events  uint64
	err     error     // the first
	_       [8]uint64 // lanes do not share cache lines
}

// planned is an event and its time.
type planned struct {
	at time.Duration
	happening
}

// taken is an event of the window, and the next of the same peer; -1 for none.
type taken struct {
	planned
	next int32
}

// add lets something happen: to the peer that is served within the window, or later.
func (w *lane) add(at time.Duration, e happening) {
	if e.peer != w.serving || at >= w.until {
		w.later = append(w.later, planned{at, e})
		return
	}
	w.mine = append(w.mine, planned{})
	i := len(w.mine) - 1
	for i > w.done && w.mine[i-1].at > at {
		w.mine[i] = w.mine[i-1]
		i--
	}
	w.mine[i] = planned{at, e}
}

// run serves the agenda until the end.
func (w *world) run() error {
	for {
		at, what, ok := w.agenda.first()
		if !ok || at > w.cfg.Duration {
			w.now = w.cfg.Duration
			return nil
		}
		w.now = at
		switch {
		case what == doProgress:
			_, e, _ := w.agenda.next()
			w.events++
			if w.cfg.Progress(at) == Stop {
				return nil
			}
			w.agenda.add(at+toldEvery, e)
		case what.isOfAll():
			_, e, _ := w.agenda.next()
			w.events++
			if err := w.alone().serveAll(&e); err != nil {
				return err
			}
			if err := w.collect(); err != nil {
				return err
			}
		default:
			if err := w.window(w.take(at)); err != nil {
				return err
			}
		}
	}
}

// ahead is for how long no peer can hear of what another does: the least delay between two. It is above 0.
func (n *Network) ahead() time.Duration {
	if n.Sigma == 0 {
		return max(n.Median, n.Min, 1)
	}
	return max(n.Min, 1)
}

// take takes the events from at on that do not depend on one another but at one peer: those before the first of all, and
// before what any of them can cause elsewhere. It answers until when.
func (w *world) take(at time.Duration) time.Duration {
	until := min(at+w.ahead, w.cfg.Duration+1)
	w.taken, w.touched = w.taken[:0], w.touched[:0]
	for {
		t, what, ok := w.agenda.first()
		if !ok || t >= until {
			return until
		}
		if what.isOfAll() {
			return t
		}
		_, e, _ := w.agenda.next()
		i := int32(len(w.taken))
		w.taken = append(w.taken, taken{planned{t, e}, -1})
		if p := w.peers[e.peer]; p.first < 0 {
			p.first, p.last = i, i
			w.touched = append(w.touched, p)
		} else {
			w.taken[p.last].next = i
			p.last = i
		}
	}
}

// window serves what was taken. Every peer is served by itself, from the first of its events to the last.
func (w *world) window(until time.Duration) error {
	for i, l := range w.lanes {
		l.until = until
		l.served = w.touched[len(w.touched)*i/lanes : len(w.touched)*(i+1)/lanes]
	}
	serve := func(i int) { w.lanes[i].servePeers() }
	if w.cfg.Each != nil && w.cfg.Events == nil && w.cfg.Deliver == nil && len(w.taken) >= few {
		w.cfg.Each(lanes, serve)
	} else {
		for i := range lanes {
			serve(i)
		}
	}
	return w.collect()
}

// collect puts on the agenda what the lanes have made happen, always in the same order.
func (w *world) collect() error {
	for _, l := range w.lanes {
		for i := range l.later {
			w.agenda.add(l.later[i].at, l.later[i].happening)
		}
		l.later = l.later[:0]
		w.events += l.events
		l.events = 0
		if l.err != nil {
			return l.err
		}
	}
	return nil
}

// alone is a lane for an event of all.
func (w *world) alone() *lane {
	l := w.lanes[0]
	l.now, l.serving = w.now, -1
	return l
}

// servePeers serves the lane's peers, one after another.
func (w *lane) servePeers() {
	for _, p := range w.served {
		w.mine, w.done, w.serving = w.mine[:0], 0, p.index
		for i := p.first; i >= 0; i = w.taken[i].next {
			w.mine = append(w.mine, w.taken[i].planned)
		}
		p.first = -1
		for w.done < len(w.mine) {
			e := w.mine[w.done]
			w.done++
			w.now = e.at
			w.events++
			if err := w.serve(p, &e.happening); err != nil {
				w.err = err
				return
			}
		}
	}
}

// serve does what an event of one peer says.
func (w *lane) serve(p *peer, e *happening) error {
	switch e.what {
	case doWake:
		w.wake(p.part(e.stream))
	case doChunk, doControl:
		w.arrive(p, e)
	case doAnswer:
		w.answer(p.part(e.stream))
	case doUnlinked:
		w.unlinked(p, w.peers[e.other])
	case doMeet:
		return w.meet(p.part(e.stream), int(e.other))
	case doSuspect:
		w.suspect(p.part(e.stream), w.peers[e.other])
	case doLinked, doAccuse, doJoin, doLeave, doGroup, doFault, doReturn, doSecond, doProgress: // see serveAll
	}
	return nil
}

// serveAll does what an event of all says.
func (w *lane) serveAll(e *happening) error {
	p := w.peers[e.peer]
	switch e.what {
	case doLinked:
		w.linked(p, w.peers[e.other])
	case doAccuse:
		w.accused(p.part(e.stream), w.peers[e.other].part(e.stream))
	case doJoin:
		return w.begin(p)
	case doLeave:
		w.leave(p)
	case doGroup:
		return w.publish(w.streams[e.stream])
	case doFault:
		w.strike(w.cfg.Faults[e.other])
	case doReturn:
		return w.comeBack()
	case doSecond:
		w.everySecond()
	case doWake, doChunk, doControl, doAnswer, doUnlinked, doMeet, doSuspect, doProgress: // see serve, and run
	}
	return nil
}
