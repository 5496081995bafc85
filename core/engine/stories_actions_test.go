package engine_test

import (
	"strconv"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// answer answers the last batch, or with late in front the one before. Actions are divided by semicolons:
//
//	push SET LINK[:CLASS]...    announce LINK TIME      repair off|none|unfed=TIME
//	subscribe LINK SET MODE     refuse LINK SUBSTREAM [outbid]
//	send NUMBER LINK...         connect NAME            disconnect LINK
//	introduce COUNT             watch late              pull LINK SET
//	spare BYTES [open SET]
func (s *story) answer(w []string) {
	a := scheduler.Answer{Revision: s.revision}
	if s.has(w, "late") {
		w, a.Revision = w[1:], s.revision-1
	}
	for _, part := range strings.Split(strings.Join(w, " "), ";") {
		if words := strings.Fields(part); len(words) > 0 {
			a.Actions = append(a.Actions, s.actions(words)...)
		}
	}
	s.engine.Answer(s.now, a)
}

func (s *story) actions(w []string) []scheduler.Action {
	one := func(a scheduler.Action) []scheduler.Action { return []scheduler.Action{a} }
	switch w[0] {
	case "push":
		var out []scheduler.Action
		for _, k := range s.set(w[1]) {
			out = append(out, scheduler.Push{Substream: int(k), To: s.targets(w[2:])})
		}
		return out
	case "announce":
		every, err := time.ParseDuration(w[2])
		if err != nil {
			s.t.Fatalf("line %d: %v", s.line, err)
		}
		return one(scheduler.Announce{Link: s.link(w[1]), Every: every})
	case "repair":
		if w[1] == "off" {
			return one(scheduler.Repair{})
		}
		if w[1] == "none" { // what is overdue is known, and nothing may be spent on it
			return one(scheduler.Repair{Deviations: 4, Slack: 20 * ms})
		}
		unfed, err := time.ParseDuration(strings.TrimPrefix(w[1], "unfed="))
		if err != nil {
			s.t.Fatalf("line %d: %v", s.line, err)
		}
		return one(scheduler.Repair{Deviations: 4, Slack: 20 * ms, Share: 0.1, Unfed: unfed})
	case "subscribe":
		return one(scheduler.Subscribe{Link: s.link(w[1]), Substreams: s.mask(w[2]), Mode: s.mode(w[3])})
	case "refuse":
		reason := swarm.NoCapacity
		if s.has(w, "outbid") {
			reason = swarm.Outbid
		}
		return one(scheduler.Refuse{Link: s.link(w[1]), Substream: int(s.int(w[2])), Reason: reason})
	case "pull":
		return one(scheduler.Pull{Link: s.link(w[1]), Numbers: s.set(w[2])})
	case "send":
		return one(scheduler.Send{Number: s.int(w[1]), To: s.targets(w[2:])})
	case "connect":
		return one(scheduler.Connect{Peer: named(w[1])})
	case "disconnect":
		return one(scheduler.Disconnect{Link: s.link(w[1]), Cause: swarm.ByeRewire})
	case "introduce":
		return one(scheduler.Introduce{Count: int(s.int(w[1]))})
	case "spare":
		tell := scheduler.Tell{Spare: s.int(w[1])}
		if len(w) > 3 && w[2] == "open" {
			tell.Open = s.mask(w[3])
		}
		return one(tell)
	case "watch":
		return one(scheduler.Watch{Late: time.Millisecond})
	}
	s.t.Fatalf("line %d: no action is called %q", s.line, w[0])
	return nil
}

func (s *story) targets(w []string) []scheduler.Target {
	var out []scheduler.Target
	classes := map[string]scheduler.Class{
		"": scheduler.ClassInterior, "interior": scheduler.ClassInterior, "leaf": scheduler.ClassLeaf, "extra": scheduler.ClassExtra,
	}
	for _, x := range w {
		link, class, _ := strings.Cut(x, ":")
		c, ok := classes[class]
		if !ok {
			n, _ := strconv.Atoi(class)
			c = scheduler.Class(n)
		}
		out = append(out, scheduler.Target{Link: s.link(link), Class: c})
	}
	return out
}
