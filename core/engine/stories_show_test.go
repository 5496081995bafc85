package engine_test

import (
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// show tells what a Ready wants done.
func (s *story) show(r *engine.Ready) {
	for _, c := range r.Control {
		_, rest, _ := swarm.SplitIndex(c.Frame)
		s.showControl(c.Link, rest)
	}
	for _, c := range r.Chunks {
		if s.quiet["chunks"] {
			break
		}
		s.say("send %d to %s (%d B)", c.ID.Number, links(c.To), len(c.Frame))
	}
	for i := range r.Deliver {
		d := &r.Deliver[i]
		what := fmt.Sprintf("group %d", d.Group.Group)
		if d.Gap() {
			what = fmt.Sprintf("gap in the place of group %d, %v from %v", d.Group.Group, d.Group.Span, d.Group.Time)
		}
		if d.Descriptor != nil {
			what += fmt.Sprintf(", first of epoch %d", d.Descriptor.Epoch)
		}
		s.say("deliver %s, due %.3f", what, d.Due.Seconds())
	}
	for _, h := range r.Hangup {
		s.say("hang up %d: %s", h.Link, h.Cause)
	}
	for _, p := range r.Ban {
		s.say("ban %s", name(p))
	}
	for _, p := range r.Accuse {
		s.say("accuse %s", name(p))
	}
	for _, c := range r.Dial {
		s.say("dial %s at %v", name(c.Peer), c.Addresses)
	}
	if r.Introduce > 0 {
		s.say("introduce %d", r.Introduce)
	}
	for _, e := range r.Events {
		s.say("event %s", strings.TrimPrefix(fmt.Sprintf("%T", e), "event.")+happened(e))
	}
	if b := r.Batch; b != nil {
		s.revision = b.Revision
		if s.quiet["batch"] {
			return
		}
		kind := "batch"
		if b.Snapshot {
			kind = "snapshot"
		}
		s.say("%s %d", kind, b.Revision)
		for i, c := range b.Changes {
			if i >= 24 {
				s.say("  and %d more", len(b.Changes)-i)
				break
			}
			if t := changed(c); !s.quiet[strings.Fields(t)[0]] {
				s.say("  %s", t)
			}
		}
	}
}

// showControl tells what a frame says. Of a bundle, what goes with another message is marked.
func (s *story) showControl(link swarm.LinkID, rest []byte) {
	parts, ok := swarm.Unbundle(rest)
	if !ok {
		s.showMessage(link, rest, "to %d: %v%s")
		return
	}
	for form := "to %d: %v%s"; len(parts) > 0; {
		part, more, err := swarm.CutPart(parts)
		if err != nil {
			s.t.Errorf("line %d: the engine said what cannot be read: %v", s.line, err)
			return
		}
		if parts = more; s.showMessage(link, part, form) {
			form = "to %d, with it: %v%s"
		}
	}
}

// showMessage reports whether the story tells of the message.
func (s *story) showMessage(link swarm.LinkID, rest []byte, form string) bool {
	m, err := swarm.Parse(rest)
	if err != nil {
		s.t.Errorf("line %d: the engine said what cannot be read: %v", s.line, err)
		return true
	}
	if p, ok := m.(*swarm.Ping); ok {
		s.pongs = append(s.pongs, pong{link, p.Sent, s.now + s.far[link]})
	}
	if s.quiet[m.Type().String()] {
		return false
	}
	s.say(form, link, m.Type(), message(m))
	return true
}

func name(p swarm.PeerID) string { return strings.TrimRight(string(p[:]), "\x00") }

func links(ids []swarm.LinkID) string {
	var b []string
	for _, id := range ids {
		b = append(b, fmt.Sprint(id))
	}
	return strings.Join(b, ",")
}

func set(mask uint64) string {
	var n []uint64
	for ; mask != 0; mask &= mask - 1 {
		n = append(n, uint64(bits.TrailingZeros64(mask)))
	}
	return ranges(n)
}

func ranges(n []uint64) string {
	var b []string
	for i := 0; i < len(n); {
		j := i
		for j+1 < len(n) && n[j+1] == n[j]+1 {
			j++
		}
		if j > i {
			b = append(b, fmt.Sprintf("%d-%d", n[i], n[j]))
		} else {
			b = append(b, fmt.Sprint(n[i]))
		}
		i = j + 1
	}
	return strings.Join(b, ",")
}

func message(m swarm.Message) string {
	switch m := m.(type) {
	case *swarm.Hello:
		return fmt.Sprintf(" as %v, epoch %d", m.Role, m.Epoch)
	case *swarm.Receipt:
		return fmt.Sprintf(" of %d chunks", m.Chunks)
	case *swarm.Status:
		var hops []int
		for k := range 4 {
			hops = append(hops, m.Hops.At(k))
		}
		return fmt.Sprintf(" hops %v, playing %d", hops, m.Playing)
	case *swarm.Have:
		var n []uint64
		for i := m.Window.Base(); i < m.Window.End(); i++ {
			if m.Window.Has(i) {
				n = append(n, i)
			}
		}
		return fmt.Sprintf(" %s, anchor %d", ranges(n), int64(m.Anchor)-1)
	case *swarm.Want:
		return " " + ranges(m.Numbers)
	case *swarm.Cancel:
		return " " + ranges(m.Numbers)
	case *swarm.Deny:
		if len(m.Numbers) > 0 {
			return fmt.Sprintf(" chunks %s, reason %d", ranges(m.Numbers), m.Reason)
		}
		return fmt.Sprintf(" substream %d, reason %d", m.Substream, m.Reason)
	case *swarm.Subscribe:
		return fmt.Sprintf(" %s %v from %d", set(m.Substreams), m.Mode, m.From)
	case *swarm.Unsubscribe:
		return " " + set(m.Substreams)
	case *swarm.DescriptorMessage:
		return ""
	case *swarm.Bye:
		return fmt.Sprintf(" %d", m.Cause)
	case *swarm.Peers:
		return fmt.Sprintf(" %d", len(m.Candidates))
	}
	return ""
}

func happened(e event.Event) string {
	switch e := e.(type) {
	case event.PeerJoined:
		return " " + name(e.Peer)
	case event.PeerLeft:
		return fmt.Sprintf(" %s: %s", name(e.Peer), e.Cause)
	case event.ChunkRejected:
		return fmt.Sprintf(" %v from %s", e.Chunk, name(e.Peer))
	case event.GroupMissed:
		return fmt.Sprintf(" %d, held %d of %d", e.Group, e.Held, e.Needed)
	case event.PlaybackStarted:
		return fmt.Sprintf(" after %v", e.Startup)
	case event.EpochChanged:
		return fmt.Sprintf(" %d", e.Epoch)
	}
	return ""
}

func changed(c scheduler.Change) string {
	switch c := c.(type) {
	case scheduler.Stream:
		paused := ""
		if c.Paused {
			paused = ", paused"
		}
		return fmt.Sprintf("Stream epoch %d substreams %d rate %d chunk %d%s", c.Epoch, c.Substreams, c.Rate, c.ChunkWire, paused)
	case scheduler.Capacity:
		return fmt.Sprintf("Capacity cap %d measured %d committed %d", c.Cap, c.Measured, c.Committed)
	case scheduler.Candidates:
		return fmt.Sprintf("Candidates %d", len(c.Peers))
	case scheduler.LinkUp:
		return fmt.Sprintf("LinkUp %d %s %v", c.Link, name(c.Peer), c.Role)
	case scheduler.LinkDown:
		return fmt.Sprintf("LinkDown %d: %s", c.Link, c.Cause)
	case scheduler.DialFailed:
		return fmt.Sprintf("DialFailed %s: %s", name(c.Peer), c.Cause)
	case scheduler.Subscribed:
		return fmt.Sprintf("Subscribed %d substream %d %v", c.Link, c.Substream, c.Mode)
	case scheduler.Feeding:
		return fmt.Sprintf("Feeding %d substream %d %v reason %d", c.Link, c.Substream, c.Mode, c.Reason)
	case scheduler.Silent:
		return fmt.Sprintf("Silent %d substream %d for %v", c.Link, c.Substream, c.For.Round(time.Millisecond))
	case scheduler.Order:
		return "Order " + action(c.Action)
	case scheduler.Refused:
		return fmt.Sprintf("Refused %s: reason %d", action(c.Action), c.Reason)
	case scheduler.SubstreamMeasured:
		return fmt.Sprintf("SubstreamMeasured %d substream %d late %v of %d", c.Link, c.Substream, c.Lateness, c.Samples)
	case scheduler.LinkMeasured:
		return fmt.Sprintf("LinkMeasured %d sent %d received %d", c.Link, c.SentRate, c.RecvRate)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T %+v", c, c), "scheduler.")
}

func action(a scheduler.Action) string {
	return strings.TrimPrefix(fmt.Sprintf("%T%v", a, a), "scheduler.")
}
