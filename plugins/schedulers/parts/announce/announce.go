package announce

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
)

// Heralds keeps the orders to announce in step with the lazy subscriptions.
type Heralds struct {
	Desk     *desk.Desk
	Every    time.Duration // least interval of announcements to one neighbour
	Promptly int           // neighbours that are announced to at that interval
	Rarely   int           // times the interval for the others

	muted map[swarm.LinkID]time.Duration // until when a link that was refused is left alone
}

// refusedFor is how long a link is left alone whose order was not carried out.
const refusedFor = time.Second

// Announce gives the orders that have changed.
func (h *Heralds) Announce() {
	n := 0
	for _, l := range h.Desk.View.Links {
		every := scheduler.Every(0)
		if l.Out(swarm.Lazy) != 0 {
			every = h.Every
			if n++; n > h.Promptly {
				every *= time.Duration(h.Rarely)
			}
		}
		if every != l.Announce && h.Desk.Now >= h.muted[l.Link] {
			h.Desk.Do(scheduler.Announce{Link: l.Link, Every: every})
		}
	}
}

// Refused takes notice that an Announce was not carried out.
func (h *Heralds) Refused(link swarm.LinkID) {
	if h.muted == nil {
		h.muted = make(map[swarm.LinkID]time.Duration)
	}
	// order-free: each entry is judged alone.
	for id, until := range h.muted {
		if h.Desk.Now >= until {
			delete(h.muted, id)
		}
	}
	h.muted[link] = h.Desk.Now + refusedFor
}
