package engine

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Answer carries out what the policy wants, in order. What no longer fits is refused, which comes back as a change. An
// answer to another batch than the one outstanding is dropped whole: it comes from a policy that was replaced.
func (e *Engine) Answer(now time.Duration, a scheduler.Answer) {
	e.at(now)
	t := &e.talk
	if e.left || !t.outstanding || a.Revision != t.revision {
		return
	}
	t.outstanding = false
	for i, action := range a.Actions {
		if i >= scheduler.MaxActions {
			e.refuse(action, scheduler.RefusedLimit)
			continue
		}
		e.act(action)
	}
	e.timers.set(alarmPolicy, never)
	if a.WakeAt > 0 {
		e.timers.set(alarmPolicy, max(a.WakeAt, e.now+1))
	}
	e.capacity()
}

func (e *Engine) act(action scheduler.Action) {
	switch a := action.(type) {
	case scheduler.Push:
		e.orderPush(a)
	case scheduler.Announce:
		e.orderAnnounce(a)
	case scheduler.Repair:
		e.orderRepair(a)
	case scheduler.Subscribe:
		e.orderSubscribe(a)
	case scheduler.Refuse:
		e.orderRefuse(a)
	case scheduler.Pull:
		e.pull(a)
	case scheduler.Send:
		e.sendOne(a)
	case scheduler.Connect:
		e.connect(a)
	case scheduler.Disconnect:
		if l := e.link(a.Link); l != nil {
			e.bye(l, a.Cause, "the policy disconnects: "+farewell(a.Cause))
		} else {
			e.refuse(a, scheduler.RefusedNoLink)
		}
	case scheduler.Introduce:
		e.out.Introduce = max(e.out.Introduce, min(a.Count, swarm.MaxCandidates))
	case scheduler.Tell:
		if a.Relays != e.self.tell.Relays || a.Open != e.self.tell.Open {
			e.self.status = true
		}
		e.self.tell = a
	case scheduler.Watch:
		e.talk.watches(a)
	}
}

// refuse tells the policy that an action was not carried out.
func (e *Engine) refuse(a scheduler.Action, why scheduler.RefusedReason) {
	e.change(scheduler.Refused{Action: a, Reason: why})
}

// pull asks one neighbour for chunks, once. Those held are dropped, and those asked for unless Again is set; each
// that is dropped is refused.
func (e *Engine) pull(a scheduler.Pull) {
	l := e.upLink(a.Link)
	switch {
	case l == nil:
		e.refuse(a, scheduler.RefusedNoLink)
		return
	case e.epoch == nil || len(a.Numbers) > swarm.MaxWant:
		e.refuse(a, scheduler.RefusedMalformed)
		return
	}
	var refused []uint64
	reason := scheduler.RefusedNoChunk
	for _, n := range a.Numbers {
		i, asked := e.asking.find(n)
		switch {
		case n > swarm.MaxNumber || e.epoch.store.Has(n) || !e.needs(n),
			asked && e.asking.list[i].to != 0 && a.Again == scheduler.Once:
			refused = append(refused, n)
			continue
		case l.outstanding >= maxOutstanding:
			refused, reason = append(refused, n), scheduler.RefusedLimit
			continue
		}
		x := e.ask(n)
		if x == nil {
			refused, reason = append(refused, n), scheduler.RefusedLimit
			continue
		}
		if old := e.link(x.to); old != nil {
			old.outstanding--
		}
		x.pulled = e.orders.repair == noRepair
		e.want(l, x)
	}
	e.sendWants()
	e.askSooner(e.now + askEvery)
	if len(refused) > 0 {
		e.refuse(scheduler.Pull{Link: a.Link, Numbers: refused, Again: a.Again}, reason)
	}
}

// sendOne pushes one chunk, once.
func (e *Engine) sendOne(a scheduler.Send) {
	if e.epoch == nil || !e.epoch.store.Has(a.Number) {
		e.refuse(a, scheduler.RefusedNoChunk)
		return
	}
	var gone []scheduler.Target
	for rank, t := range a.To {
		l := e.upLink(t.Link)
		if l == nil || rank >= maxLinks || t.Class < scheduler.ClassRepair || t.Class > scheduler.ClassExtra {
			gone = append(gone, t)
			continue
		}
		e.add(upload{
			key: e.now + time.Duration(rank)*rankStep, number: a.Number, link: l,
			expires: e.now + pushLife, class: t.Class,
		})
	}
	if len(gone) > 0 {
		e.refuse(scheduler.Send{Number: a.Number, To: gone}, scheduler.RefusedNoLink)
	}
}

// connect asks for a link to a candidate.
func (e *Engine) connect(a scheduler.Connect) {
	c := e.candidates.find(a.Peer)
	switch {
	case c == nil || c.dialing || e.linkTo(a.Peer) != nil || e.candidates.isBanned(a.Peer, e.now):
		e.refuse(a, scheduler.RefusedNoPeer)
	case len(e.links)+e.candidates.dialingNow() >= e.cfg.MaxLinks:
		e.refuse(a, scheduler.RefusedLimit)
	default:
		c.dialing = true
		e.out.Dial = append(e.out.Dial, c.Candidate)
	}
}

// DialFailed tells that a link asked for by Ready.Dial did not come up.
func (e *Engine) DialFailed(now time.Duration, peer swarm.PeerID, cause string) {
	e.at(now)
	if e.candidates.dialed(peer) {
		e.change(scheduler.DialFailed{Peer: peer, Cause: cause})
	}
}

// Candidates introduces peers that could be linked to, from the rendezvous.
func (e *Engine) Candidates(now time.Duration, c []swarm.Candidate) {
	e.at(now)
	e.introduce(c)
}

func (e *Engine) introduce(c []swarm.Candidate) {
	var fresh []swarm.Candidate
	for i := range c {
		if c[i].Peer == e.cfg.Self || e.candidates.isBanned(c[i].Peer, e.now) {
			continue
		}
		if e.candidates.put(c[i]) {
			fresh = append(fresh, e.candidates.find(c[i].Peer).Candidate)
		}
	}
	if len(fresh) > 0 {
		e.change(scheduler.Candidates{Peers: slices.Clip(fresh)})
	}
}
