package bridge

import (
	"fmt"
	"math"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// answerOf is an answer as it travels.
func answerOf(a *scheduler.Answer) *pb.Answer {
	out := &pb.Answer{Revision: a.Revision, WakeAt: int64(a.WakeAt), Actions: make([]*pb.Action, 0, len(a.Actions))}
	for _, x := range a.Actions {
		out.Actions = append(out.Actions, actionOf(x))
	}
	return out
}

// actionOf is an action as it travels.
func actionOf(a scheduler.Action) *pb.Action {
	switch a := a.(type) {
	case scheduler.Push:
		return &pb.Action{Action: &pb.Action_Push{Push: &pb.PushAction{Substream: uint32(a.Substream), To: targetsOf(a.To)}}}
	case scheduler.Announce:
		return &pb.Action{Action: &pb.Action_Announce{Announce: &pb.AnnounceAction{Link: uint64(a.Link), Every: int64(a.Every)}}}
	case scheduler.Repair:
		return &pb.Action{Action: &pb.Action_Repair{Repair: &pb.RepairAction{Deviations: a.Deviations, Slack: int64(a.Slack), Share: a.Share, Unfed: int64(a.Unfed)}}}
	case scheduler.Subscribe:
		return &pb.Action{Action: &pb.Action_Subscribe{Subscribe: &pb.SubscribeAction{Link: uint64(a.Link), Substreams: a.Substreams, Mode: pb.Mode(a.Mode)}}}
	case scheduler.Refuse:
		return &pb.Action{Action: &pb.Action_Refuse{Refuse: &pb.RefuseAction{Link: uint64(a.Link), Substream: uint32(a.Substream), Reason: pb.Reason(a.Reason)}}}
	case scheduler.Pull:
		return &pb.Action{Action: &pb.Action_Pull{Pull: &pb.PullAction{Link: uint64(a.Link), Numbers: a.Numbers, Again: pb.Again(a.Again)}}}
	case scheduler.Send:
		return &pb.Action{Action: &pb.Action_Send{Send: &pb.SendAction{Number: a.Number, To: targetsOf(a.To)}}}
	case scheduler.Connect:
		return &pb.Action{Action: &pb.Action_Connect{Connect: &pb.ConnectAction{Peer: a.Peer[:]}}}
	case scheduler.Disconnect:
		return &pb.Action{Action: &pb.Action_Disconnect{Disconnect: &pb.DisconnectAction{Link: uint64(a.Link), Cause: pb.ByeCause(a.Cause)}}}
	case scheduler.Introduce:
		return &pb.Action{Action: &pb.Action_Introduce{Introduce: &pb.IntroduceAction{Count: uint32(a.Count)}}}
	case scheduler.Tell:
		return &pb.Action{Action: &pb.Action_Tell{Tell: &pb.TellAction{Relays: a.Relays, Open: a.Open, Spare: a.Spare}}}
	case scheduler.Watch:
		return &pb.Action{Action: &pb.Action_Watch{Watch: &pb.WatchAction{Held: int64(a.Held), Holds: int64(a.Holds), Late: int64(a.Late)}}}
	}
	return &pb.Action{}
}

func targetsOf(list []scheduler.Target) []*pb.Target {
	out := make([]*pb.Target, 0, len(list))
	for _, t := range list {
		out = append(out, &pb.Target{Link: uint64(t.Link), Class: pb.Class(t.Class)})
	}
	return out
}

// answerFrom reads an answer. Errors: errWire for what no policy may say; what only does not fit is for the engine
// to refuse.
func answerFrom(m *pb.Answer) (scheduler.Answer, error) {
	out := scheduler.Answer{Revision: m.GetRevision(), WakeAt: durationOf(m.GetWakeAt())}
	if len(m.GetActions()) > 2*scheduler.MaxActions {
		return out, fmt.Errorf("%w: %d actions, at most %d", errWire, len(m.GetActions()), scheduler.MaxActions)
	}
	for _, x := range m.GetActions() {
		a, err := actionFrom(x)
		if err == nil {
			err = checkAction(a)
		}
		if err != nil {
			return out, err
		}
		if a != nil {
			out.Actions = append(out.Actions, a)
		}
	}
	return out, nil
}

// checkAction says what no policy may say. Errors: errWire.
func checkAction(a scheduler.Action) error {
	switch a := a.(type) {
	case scheduler.Push:
		return checkSubstream(a.Substream)
	case scheduler.Refuse:
		return checkSubstream(a.Substream)
	case scheduler.Repair:
		if !finite(a.Deviations) || !finite(a.Share) {
			return fmt.Errorf("%w: a repair order of no number", errWire)
		}
	case scheduler.Pull:
		if len(a.Numbers) > swarm.MaxWant {
			return fmt.Errorf("%w: a pull of %d chunks, at most %d", errWire, len(a.Numbers), swarm.MaxWant)
		}
	}
	return nil
}

// checkSubstream knows that no stream has one above chunk.MaxSubstreams.
func checkSubstream(n int) error {
	if n < 0 || n >= chunk.MaxSubstreams {
		return fmt.Errorf("%w: substream %d, at most %d", errWire, n, chunk.MaxSubstreams-1)
	}
	return nil
}

// actionFrom reads an action, as a policy says it or is told of it; nil for one of a later version.
func actionFrom(m *pb.Action) (scheduler.Action, error) {
	switch m := m.GetAction().(type) {
	case *pb.Action_Push:
		return scheduler.Push{Substream: substreamFrom(m.Push.GetSubstream()), To: targetsFrom(m.Push.GetTo())}, nil
	case *pb.Action_Announce:
		return scheduler.Announce{Link: link(m.Announce.GetLink()), Every: durationOf(m.Announce.GetEvery())}, nil
	case *pb.Action_Repair:
		r := m.Repair
		return scheduler.Repair{Deviations: r.GetDeviations(), Slack: durationOf(r.GetSlack()), Share: r.GetShare(), Unfed: durationOf(r.GetUnfed())}, nil
	case *pb.Action_Subscribe:
		return scheduler.Subscribe{Link: link(m.Subscribe.GetLink()), Substreams: m.Subscribe.GetSubstreams(), Mode: swarm.Mode(m.Subscribe.GetMode())}, nil
	case *pb.Action_Refuse:
		r := m.Refuse
		return scheduler.Refuse{Link: link(r.GetLink()), Substream: substreamFrom(r.GetSubstream()), Reason: swarm.Reason(r.GetReason())}, nil
	case *pb.Action_Pull:
		return scheduler.Pull{Link: link(m.Pull.GetLink()), Numbers: m.Pull.GetNumbers(), Again: scheduler.Again(m.Pull.GetAgain())}, nil
	case *pb.Action_Send:
		return scheduler.Send{Number: m.Send.GetNumber(), To: targetsFrom(m.Send.GetTo())}, nil
	case *pb.Action_Connect:
		peer, err := peerOf(m.Connect.GetPeer())
		return scheduler.Connect{Peer: peer}, err
	case *pb.Action_Disconnect:
		return scheduler.Disconnect{Link: link(m.Disconnect.GetLink()), Cause: swarm.ByeCause(m.Disconnect.GetCause())}, nil
	case *pb.Action_Introduce:
		return scheduler.Introduce{Count: int(min(m.Introduce.GetCount(), swarm.MaxCandidates))}, nil
	case *pb.Action_Tell:
		return scheduler.Tell{Relays: m.Tell.GetRelays(), Open: m.Tell.GetOpen(), Spare: m.Tell.GetSpare()}, nil
	case *pb.Action_Watch:
		return scheduler.Watch{Held: durationOf(m.Watch.GetHeld()), Holds: durationOf(m.Watch.GetHolds()), Late: durationOf(m.Watch.GetLate())}, nil
	}
	return nil, nil
}

// substreamFrom undoes what made a number unsigned: a policy may be told of one that is no substream's.
func substreamFrom(n uint32) int { return int(int32(n)) }

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func targetsFrom(list []*pb.Target) []scheduler.Target {
	if len(list) == 0 {
		return nil
	}
	out := make([]scheduler.Target, 0, len(list))
	for _, t := range list {
		out = append(out, scheduler.Target{Link: link(t.GetLink()), Class: scheduler.Class(t.GetClass())})
	}
	return out
}
