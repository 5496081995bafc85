package sim

import "time"

// kind says what an event does.
type kind uint8

const (
	doWake     kind = iota // tick a peer
	doChunk                // a chunk frame arrives
	doControl              // a control frame arrives
	doAnswer               // a policy's answer is there
	doLinked               // a dial has come through
	doUnlinked             // a dial has not
	doMeet                 // the rendezvous answers
	doSuspect              // the rendezvous tells of a peer that is accused
	doAccuse               // an accusation reaches the rendezvous
	doJoin                 // a peer joins
	doLeave                // a peer leaves
	doGroup                // the source publishes a group
	doFault                // a fault strikes
	doReturn               // the source is there again
	doSecond               // a second has passed
	doProgress             // somebody wants to know how far it is
)

// isOfAll reports whether an event changes more than one peer, or what all peers see.
func (k kind) isOfAll() bool {
	switch k {
	case doLinked, doAccuse, doJoin, doLeave, doGroup, doFault, doReturn, doSecond, doProgress:
		return true
	case doWake, doChunk, doControl, doAnswer, doUnlinked, doMeet, doSuspect:
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

// agenda orders events by time, and at one time by the order in which they were added. It is a calendar (Brown 1988): the
// events of the next moment are ordered, those of the second after it lie in a page for each moment as they were added, and
// those beyond wait in order of their time. A million events then cost no more than a thousand: a page is read from end to end,
// where a heap of all would be looked at in places far apart.
//
//	near: heap | page page page ... page | far: heap
//	         reach                  reach + pages*moment
type agenda struct {
	near, far queue
	reach     time.Duration // where near ends: a multiple of moment
	pages     [pages]page   // of the time from reach on, that of a time at time/moment modulo pages
	written   int           // events in pages
	spare     *sheet        // those that are empty
}

const (
	moment = 250 * time.Microsecond
	pages  = 4096
)

// page holds the events of a moment in the order in which they were added.
type page struct{ first, last *sheet }

// sheet is a piece of a page, of some 2 KB.
type sheet struct {
	events [42]planned
	n      int
	next   *sheet
}

// add puts an event on the agenda.
func (a *agenda) add(at time.Duration, e happening) {
	switch {
	case at < a.reach:
		a.near.add(at, e)
	case at < a.reach+pages*moment:
		a.write(planned{at, e})
	default:
		a.far.add(at, e)
	}
}

// write puts an event on its page.
func (a *agenda) write(e planned) {
	p := &a.pages[e.at/moment%pages]
	s := p.last
	if s == nil || s.n == len(s.events) {
		s = a.spare
		if s == nil {
			s = new(sheet)
		} else {
			a.spare, s.next = s.next, nil
		}
		if p.last == nil {
			p.first = s
		} else {
			p.last.next = s
		}
		p.last = s
	}
	s.events[s.n] = e
	s.n++
	a.written++
}

// first is the time and the kind of the first event; false when there is none.
func (a *agenda) first() (time.Duration, kind, bool) {
	for len(a.near.heap) == 0 {
		if a.written == 0 {
			at, _, ok := a.far.first()
			if !ok {
				return 0, 0, false
			}
			a.reach = max(a.reach, at/moment*moment)
			a.bring()
		}
		a.turn()
	}
	return a.near.first()
}

// next takes the first event off; false when there is none.
func (a *agenda) next() (time.Duration, happening, bool) {
	if _, _, ok := a.first(); !ok {
		return 0, happening{}, false
	}
	return a.near.next()
}

// turn orders the events of the next page.
func (a *agenda) turn() {
	p := &a.pages[a.reach/moment%pages]
	a.reach += moment
	for s := p.first; s != nil; {
		for i := range s.events[:s.n] {
			a.near.add(s.events[i].at, s.events[i].happening)
		}
		a.written -= s.n
		clear(s.events[:s.n])
		s.n = 0
		s, s.next, a.spare = s.next, a.spare, s
	}
	*p = page{}
	a.bring()
}

// bring writes down what is no longer far away, before anything else of its moment: it was added before.
func (a *agenda) bring() {
	for {
		at, _, ok := a.far.first()
		if !ok || at >= a.reach+pages*moment {
			return
		}
		_, e, _ := a.far.next()
		a.write(planned{at, e})
	}
}

// len is the number of events.
func (a *agenda) len() int { return len(a.near.heap) + a.written + len(a.far.heap) }
