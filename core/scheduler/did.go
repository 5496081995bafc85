package scheduler

import (
	"slices"

	"github.com/shoal-live/shoal/core/swarm"
)

// Did folds in what the policy has just answered, as if all of it will be carried out. What is not comes back as
// Refused, and Apply takes it out again.
func (v *View) Did(actions []Action) {
	for _, a := range actions {
		v.did(a)
	}
}

func (v *View) did(a Action) {
	switch a := a.(type) {
	case Push:
		if a.Substream >= 0 && a.Substream < len(v.Pushes) {
			v.Pushes[a.Substream] = slices.Clone(a.To)
		}
	case Announce:
		if l := v.Link(a.Link); l != nil {
			l.Announce = a.Every
		}
	case Repair:
		v.Repair = a
	case Subscribe:
		if l := v.Link(a.Link); l != nil {
			v.substreams(a.Substreams, func(k int) { v.feed(l, k, a.Mode) })
		}
	case Refuse:
		if a.Reason == swarm.Outbid {
			break
		}
		if l := v.Link(a.Link); l != nil {
			v.ask(l, a.Substream, Ask{})
			v.unpush(a.Substream, a.Link)
		}
	case Connect:
		if k := v.Candidate(a.Peer); k != nil {
			k.Dialing = true
		}
	case Disconnect:
		v.down(a.Link)
	case Pull, Send, Introduce, Tell, Watch: // leave nothing in force that the view shows
	}
}

// refused takes back what Did assumed of an action. A Push that was refused stays assumed: what is in force for its
// substream is then unknown, and only a further Push makes it known.
func (v *View) refused(c Refused) {
	switch a := c.Action.(type) {
	case Announce:
		if l := v.Link(a.Link); l != nil {
			l.Announce = 0
		}
	case Subscribe:
		if l := v.Link(a.Link); l != nil && a.Mode != swarm.None {
			v.substreams(a.Substreams, func(k int) { v.feed(l, k, swarm.None) })
		}
	case Connect:
		if k := v.Candidate(a.Peer); k != nil {
			k.Dialing, k.FailedAt = false, v.Now
			k.Failures++
		}
	case Push, Repair, Refuse, Pull, Send, Disconnect, Introduce, Tell, Watch:
	}
}
