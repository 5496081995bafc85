package schedulertest

import (
	"fmt"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// fault records what the policy did against the contract.
func (h *Host) fault(a scheduler.Action, format string, args ...any) {
	h.Faults = append(h.Faults, fmt.Sprintf("at %v, revision %d: %T %+v: %s", h.Now, h.revision, a, a, fmt.Sprintf(format, args...)))
}

// carry judges an action and carries it out, or refuses it.
func (h *Host) carry(a scheduler.Action) {
	if reason := h.judge(a); reason != 0 {
		h.tell(scheduler.Refused{Action: a, Reason: reason})
		return
	}
	if h.RefuseAll != 0 {
		h.tell(scheduler.Refused{Action: a, Reason: h.RefuseAll})
		return
	}
	h.perform(a)
}

// judge says what is wrong with an action: 0 for nothing. Everything wrong is a fault, since the policy was told of
// all that has happened.
func (h *Host) judge(a scheduler.Action) scheduler.RefusedReason {
	switch a := a.(type) {
	case scheduler.Push:
		if a.Substream < 0 || a.Substream >= h.substreams {
			h.fault(a, "there are %d substreams", h.substreams)
			return scheduler.RefusedMalformed
		}
		return h.targets(a, a.To)
	case scheduler.Send:
		return h.targets(a, a.To)
	case scheduler.Announce:
		if a.Every < 0 {
			h.fault(a, "negative interval")
			return scheduler.RefusedMalformed
		}
		return h.isUp(a, a.Link)
	case scheduler.Repair:
		if !(a.Share >= 0 && a.Share <= 1) || !(a.Deviations >= 0) || a.Slack < 0 {
			h.fault(a, "out of its limits")
			return scheduler.RefusedMalformed
		}
	case scheduler.Subscribe:
		if a.Substreams>>h.substreams != 0 || a.Substreams == 0 || a.Mode > swarm.Eager {
			h.fault(a, "there are %d substreams and three modes", h.substreams)
			return scheduler.RefusedMalformed
		}
		return h.isUp(a, a.Link)
	case scheduler.Refuse:
		if a.Substream < 0 || a.Substream >= h.substreams {
			h.fault(a, "there are %d substreams", h.substreams)
			return scheduler.RefusedMalformed
		}
		return h.isUp(a, a.Link)
	case scheduler.Pull:
		if len(a.Numbers) == 0 || len(a.Numbers) > swarm.MaxWant || a.Again > scheduler.Twice {
			h.fault(a, "of 1 to %d chunks, at the most twice", swarm.MaxWant)
			return scheduler.RefusedMalformed
		}
		return h.isUp(a, a.Link)
	case scheduler.Connect:
		if !slices.ContainsFunc(h.candidates, func(c candidate) bool { return c.Peer == a.Peer && !c.dialing }) || h.linked(a.Peer) {
			h.fault(a, "nobody that was introduced, or linked or dialed already")
			return scheduler.RefusedNoPeer
		}
	case scheduler.Disconnect:
		return h.isUp(a, a.Link)
	case scheduler.Introduce:
		if a.Count < 0 {
			h.fault(a, "negative")
			return scheduler.RefusedMalformed
		}
	case scheduler.Tell:
		if (a.Relays|a.Open)>>h.substreams != 0 {
			h.fault(a, "there are %d substreams", h.substreams)
			return scheduler.RefusedMalformed
		}
	case scheduler.Watch:
		if min(a.Held, a.Holds, a.Late) < 0 {
			h.fault(a, "negative interval")
			return scheduler.RefusedMalformed
		}
	default:
		h.Faults = append(h.Faults, fmt.Sprintf("revision %d: %T is no action", h.revision, a))
		return scheduler.RefusedMalformed
	}
	return 0
}

func (h *Host) isUp(a scheduler.Action, id swarm.LinkID) scheduler.RefusedReason {
	if h.find(id) == nil {
		h.fault(a, "link %d is not up", id)
		return scheduler.RefusedNoLink
	}
	return 0
}

func (h *Host) targets(a scheduler.Action, to []scheduler.Target) scheduler.RefusedReason {
	for i, t := range to {
		if t.Class < scheduler.ClassRepair || t.Class > scheduler.ClassExtra {
			h.fault(a, "class %d does not exist", t.Class)
			return scheduler.RefusedMalformed
		}
		if slices.ContainsFunc(to[:i], func(o scheduler.Target) bool { return o.Link == t.Link }) {
			h.fault(a, "link %d is named twice", t.Link)
			return scheduler.RefusedMalformed
		}
		if reason := h.isUp(a, t.Link); reason != 0 {
			return reason
		}
	}
	return 0
}

// perform carries a legal action out.
func (h *Host) perform(a scheduler.Action) {
	switch a := a.(type) {
	case scheduler.Push:
		h.pushes[a.Substream] = slices.Clone(a.To)
	case scheduler.Announce:
		h.find(a.Link).announce = a.Every
	case scheduler.Repair:
		h.repair = &a
	case scheduler.Subscribe:
		l := h.find(a.Link)
		for k := range h.substreams {
			if a.Substreams&(1<<k) != 0 {
				l.feeds[k] = a.Mode
			}
		}
	case scheduler.Refuse:
		h.find(a.Link).asks[a.Substream] = swarm.None
		h.unpush(a.Substream, a.Link)
	case scheduler.Pull:
		h.pulls++
	case scheduler.Connect:
		h.dial(a.Peer)
	case scheduler.Disconnect:
		h.Down(a.Link)
	case scheduler.Introduce:
		if a.Count > 0 && h.random.IntN(2) == 0 {
			h.Introduce(min(a.Count, 4), swarm.Viewer)
		}
	case scheduler.Send, scheduler.Tell, scheduler.Watch:
	}
}

// dial fails once in four times.
func (h *Host) dial(peer swarm.PeerID) {
	i := slices.IndexFunc(h.candidates, func(c candidate) bool { return c.Peer == peer })
	if h.random.IntN(4) == 0 || len(h.links) >= h.stream.MaxLinks {
		h.tell(scheduler.DialFailed{Peer: peer, Cause: "test"})
		return
	}
	h.linkTo(peer, h.candidates[i].Role)
}

// Chance lets n things happen, drawn by the seed.
func (h *Host) Chance(n int) {
	for range n {
		h.happen()
	}
}

func (h *Host) happen() {
	if len(h.links) < 2 || h.random.IntN(12) == 0 && len(h.links) < h.stream.MaxLinks {
		if h.random.IntN(3) == 0 {
			h.Introduce(1+h.random.IntN(4), swarm.Viewer)
			return
		}
		role := swarm.Viewer
		if h.stream.Role != swarm.Source && h.random.IntN(8) == 0 {
			role = swarm.Source
		}
		var peer swarm.PeerID
		peer[0] = 2
		for i := 1; i < len(peer); i++ {
			peer[i] = byte(h.random.Uint32())
		}
		h.linkTo(peer, role)
		return
	}
	l := h.links[h.random.IntN(len(h.links))]
	k := h.random.IntN(h.substreams)
	switch h.random.IntN(12) {
	case 0, 1, 2:
		h.Ask(l.id, k, swarm.Eager)
	case 3:
		h.Ask(l.id, k, swarm.Lazy)
	case 4:
		if l.asks[k] != swarm.None {
			l.asks[k] = swarm.None
			h.unpush(k, l.id)
			h.tell(scheduler.Unsubscribed{Link: l.id, Substream: k})
		}
	case 5:
		l.status.Relays ^= 1 << k
		l.status.Spare = uint64(h.random.IntN(300_000))
		h.tell(scheduler.PeerStatus{Link: l.id, Status: l.status})
	case 6:
		h.tell(scheduler.LinkMeasured{Link: l.id, RTT: h.span(200), SentRate: 1000, RecvRate: 1000, Loss: h.random.Float64() / 10, Queue: h.span(50)})
	case 7:
		h.tell(scheduler.SubstreamMeasured{Link: l.id, Substream: k, Lateness: h.span(100), Samples: h.random.IntN(9)})
	case 8:
		if l.feeds[k] != swarm.None {
			l.feeds[k] = swarm.None
			h.tell(scheduler.Feeding{Link: l.id, Substream: k, Mode: swarm.None, Reason: swarm.Reason(h.random.IntN(6))})
		}
	case 9:
		if l.feeds[k] == swarm.Eager {
			h.tell(scheduler.Silent{Link: l.id, Substream: k, For: 300*time.Millisecond + h.span(700)})
		}
	case 10:
		h.capacity = scheduler.Capacity{Measured: uint64(h.random.IntN(1_000_000)), Shown: h.random.IntN(2) == 0, Committed: uint64(h.random.IntN(500_000))}
		if h.random.IntN(2) == 0 {
			h.capacity.Cap = uint64(h.random.IntN(1_000_000))
		}
		h.tell(h.capacity)
	case 11:
		h.Down(l.id)
	}
}

func (h *Host) span(ms int) time.Duration {
	return time.Duration(h.random.IntN(ms)) * time.Millisecond
}
