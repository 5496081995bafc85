package scheduler

import (
	"math/bits"
	"slices"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// Apply folds a batch in; a snapshot first makes v forget everything.
func (v *View) Apply(b *Batch) {
	if b.Snapshot {
		*v = View{}
	}
	v.Revision, v.Now = b.Revision, b.Now
	for _, c := range b.Changes {
		v.apply(c)
	}
}

func (v *View) apply(c Change) {
	switch c := c.(type) {
	case Stream:
		v.stream(c)
	case Capacity:
		v.Capacity = c
	case Candidates:
		for i := range c.Peers {
			v.introduce(c.Peers[i])
		}
	case LinkUp:
		v.up(c)
	case LinkDown:
		v.down(c.Link)
	case DialFailed:
		if k := v.Candidate(c.Peer); k != nil {
			k.Dialing, k.FailedAt = false, v.Now
			k.Failures++
		}
	case PeerStatus:
		if l := v.Link(c.Link); l != nil {
			l.Status, l.StatusAt = c.Status, v.Now
		}
	case LinkMeasured:
		if l := v.Link(c.Link); l != nil {
			l.LinkMeasured = c
		}
	case SubstreamMeasured:
		v.measured(c)
	case Subscribed:
		if l := v.Link(c.Link); l != nil {
			v.ask(l, c.Substream, Ask{Mode: c.Mode, From: c.From, Since: v.Now})
		}
	case Unsubscribed:
		if l := v.Link(c.Link); l != nil {
			v.ask(l, c.Substream, Ask{})
			v.unpush(c.Substream, c.Link)
		}
	case Feeding:
		v.feeding(c)
	case Silent:
		if l := v.Link(c.Link); l != nil {
			if f := l.feed(c.Substream); f != nil {
				f.Silent, f.Flows = c.For, false
			}
		}
	case Held:
		v.Held.set(c.Base, c.Words)
	case Holds:
		if l := v.Link(c.Link); l != nil {
			l.Holds.set(c.Base, c.Words)
		}
	case Late: // says what to do at once, not how things stand
	case Order:
		v.did(c.Action)
	case Refused:
		v.refused(c)
	}
}

// stream takes the stream's description over; another number of substreams ends all that counted by it.
func (v *View) stream(c Stream) {
	old, epoch := len(v.Pushes), v.Stream.Epoch
	v.Stream = c
	n := min(max(c.Substreams, 0), chunk.MaxSubstreams)
	if n == old {
		if c.Epoch != epoch {
			v.anew()
		}
		return
	}
	v.Pushes = make([][]Target, n)
	v.blank.feeds, v.blank.asks = make([]Feed, n), make([]Ask, n)
	for _, l := range v.Links {
		l.Feeds, l.Asks, l.owns = v.blank.feeds, v.blank.asks, owns{}
		l.in, l.out = [3]uint64{}, [3]uint64{}
	}
}

// anew begins an epoch in which nobody has pushed anything yet. Subscriptions stay.
func (v *View) anew() {
	for _, l := range v.Links {
		for set := l.In(swarm.Eager); set != 0; set &= set - 1 {
			f := l.feed(bits.TrailingZeros64(set))
			f.Flows, f.Silent, f.Since = false, 0, v.Now
		}
	}
}

// measured takes the figures of a subscription.
func (v *View) measured(c SubstreamMeasured) {
	l := v.Link(c.Link)
	if l == nil {
		return
	}
	if f := l.feed(c.Substream); f != nil {
		f.Lateness, f.Samples, f.SampleAt = c.Lateness, int32(min(c.Samples, 1<<30)), v.Now
	}
}

func (v *View) introduce(c swarm.Candidate) {
	if c.Peer == v.Stream.Self {
		return
	}
	if last := len(v.Known) - 1; last >= 0 && slices.Equal(v.Known[last].Addresses, c.Addresses) {
		c.Addresses = v.Known[last].Addresses // those of a simulation are all alike
	} else {
		c.Addresses = slices.Clone(c.Addresses)
	}
	if k := v.Candidate(c.Peer); k != nil {
		k.Candidate = c
		return
	}
	if len(v.Known) >= MaxKnown {
		i := max(slices.IndexFunc(v.Known, func(k *Known) bool { return !k.Dialing && k.Role != swarm.Source }), 0)
		v.Known = slices.Delete(v.Known, i, i+1)
	}
	v.Known = append(v.Known, &Known{Candidate: c})
}

func (v *View) up(c LinkUp) {
	l := &Link{
		Link: c.Link, Peer: c.Peer, Role: c.Role, Dialed: c.Dialed, MaxLinks: c.MaxLinks, Since: v.Now,
		Status: c.Status, StatusAt: v.Now, LinkMeasured: LinkMeasured{Link: c.Link, RTT: c.RTT},
		Feeds: v.blank.feeds, Asks: v.blank.asks,
	}
	i, found := v.search(c.Link)
	if found {
		v.Links[i] = l
	} else {
		v.Links, v.ids = slices.Insert(v.Links, i, l), slices.Insert(v.ids, i, l.Link)
	}
	if k := v.Candidate(c.Peer); k != nil {
		k.Dialing = false
	}
}

func (v *View) down(id swarm.LinkID) {
	i, ok := v.search(id)
	if !ok {
		return
	}
	l := v.Links[i]
	v.Links, v.ids = slices.Delete(v.Links, i, i+1), slices.Delete(v.ids, i, i+1)
	if k := v.Candidate(l.Peer); k != nil {
		if v.Now-l.Since >= Brief {
			k.Failures = 0
		}
		k.FailedAt = v.Now
		k.Failures++
	}
	for k := range v.Pushes {
		v.unpush(k, id)
	}
}

func (v *View) feeding(c Feeding) {
	l := v.Link(c.Link)
	if l == nil || c.Substream < 0 || c.Substream >= len(l.Feeds) {
		return
	}
	f := l.feed(c.Substream)
	if c.Mode != swarm.None && c.Reason == swarm.Outbid {
		f.Outbid = f.Mode == swarm.Eager
		return
	}
	v.feed(l, c.Substream, c.Mode)
	if c.Mode == swarm.None {
		f.Denied, f.DeniedAt = c.Reason, v.Now
	} else {
		f.Flows, f.Silent = true, 0
	}
}
