package uplink

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
)

// told is what the neighbours were told last.
type told struct {
	relays, open, spare uint64
	at                  time.Duration
	ever                bool
}

// quiet is the least interval between two tellings that change the spare uplink alone.
const quiet = time.Second

// mostSpare bounds what is told, since an uplink may be unlimited.
const mostSpare = 1 << 40

// Tell tells the neighbours which substreams this peer relays, in which it has room, and what it has left, when that has changed
// enough.
func (u *Uplink) Tell(relays, open uint64) {
	t := &u.told
	spare := uint64(min(u.Spare(), mostSpare))
	seat := uint64(u.Seat())
	switch {
	case !t.ever || relays != t.relays:
	case open != t.open && u.Desk.Now >= t.at+quiet/5:
	case (spare < seat) != (t.spare < seat) && u.Desk.Now >= t.at+quiet/4:
	case u.Desk.Now < t.at+quiet || bits.Len64(spare) == bits.Len64(t.spare):
		return
	}
	if u.Desk.Do(scheduler.Tell{Relays: relays, Open: open, Spare: spare}) {
		*t = told{relays: relays, open: open, spare: spare, at: u.Desk.Now, ever: true}
	}
}
