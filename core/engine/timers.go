package engine

import "time"

// never is the time of an alarm that is not set.
const never = time.Duration(1<<63 - 1)

// alarm names something that is done at a time. There is one of each: what there may be many of (missing chunks,
// groups that are due) is kept in order by its owner, whose alarm is set to the first.
type alarm uint8

const (
	alarmBeat     alarm = iota // links, receipts, pings, silence
	alarmAnnounce              // haves
	alarmPolicy                // the policy asked to be woken
	alarmUploads               // the budget may grant again
	alarmPace                  // the next chunk of a large group may leave
	alarmMissing               // the next missing chunk is overdue
	alarmAsks                  // requests are to be made, or made again
	alarmPlayout               // the group to be delivered next is due
	alarmDue                   // the first delivered group is due
	alarmVerified              // a verification that takes modelled time is over
	alarms
)

// timers holds the alarms; next is the earliest of them.
type timers struct {
	at   [alarms]time.Duration
	next time.Duration
}

func (t *timers) reset() {
	for a := range t.at {
		t.at[a] = never
	}
	t.next = never
}

// set moves alarm a; never stops it.
func (t *timers) set(a alarm, at time.Duration) {
	old := t.at[a]
	t.at[a] = at
	if at <= t.next {
		t.next = at
		return
	}
	if old == t.next {
		t.next = never
		for _, at := range t.at {
			t.next = min(t.next, at)
		}
	}
}

// sooner moves alarm a to at, unless it is set to an earlier time.
func (t *timers) sooner(a alarm, at time.Duration) {
	if at < t.at[a] {
		t.set(a, at)
	}
}

// due takes the earliest alarm at or before now out; of two at one time, the one that is listed first.
func (t *timers) due(now time.Duration) (alarm, bool) {
	if t.next > now {
		return 0, false
	}
	for a := range alarms {
		if t.at[a] == t.next {
			t.set(a, never)
			return a, true
		}
	}
	return 0, false
}

// run does what is due. Each alarm sets its own next time, later than now.
func (e *Engine) run() {
	for {
		a, ok := e.timers.due(e.now)
		if !ok {
			return
		}
		switch a {
		case alarmBeat:
			e.beat()
		case alarmAnnounce:
			e.announce()
		case alarmPolicy:
			e.talk.wanted = true
		case alarmUploads:
			e.uploads.due = true // Ready drains
		case alarmPace:
			e.release()
		case alarmMissing:
			e.overdue()
		case alarmAsks:
			e.askAll()
		case alarmPlayout:
			e.play()
		case alarmDue:
			e.groupsDue()
		case alarmVerified:
			e.verified()
		case alarms:
		}
	}
}
