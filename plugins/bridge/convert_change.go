package bridge

import (
	"fmt"
	"slices"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// batchOf is a batch as it travels. It shares what b holds.
func batchOf(b *scheduler.Batch) *pb.Batch {
	out := &pb.Batch{Revision: b.Revision, Now: int64(b.Now), Snapshot: b.Snapshot, Changes: make([]*pb.Change, 0, len(b.Changes))}
	for _, c := range b.Changes {
		out.Changes = append(out.Changes, changeOf(c))
	}
	return out
}

func statusOf(s swarm.Status) *pb.PeerStatus {
	return &pb.PeerStatus{
		Uplink: s.Uplink, Spare: s.Spare, Relays: s.Relays, Open: s.Open, Delay: s.Delay, Links: s.Links, Playing: s.Playing, Hops: slices.Clone(s.Hops.Words()),
	}
}

// changeOf is a change as it travels.
func changeOf(c scheduler.Change) *pb.Change {
	switch c := c.(type) {
	case scheduler.Stream:
		return &pb.Change{Change: &pb.Change_Stream{Stream: &pb.StreamChange{
			Stream: c.Stream[:], Self: c.Self[:], Role: pb.Role(c.Role), Epoch: c.Epoch, Substreams: uint32(c.Substreams), Rate: c.Rate,
			ChunkWire: uint32(c.ChunkWire), GroupSpan: int64(c.GroupSpan), MaxLinks: uint32(c.MaxLinks), Seed: c.Seed, Paused: c.Paused,
		}}}
	case scheduler.Capacity:
		return &pb.Change{Change: &pb.Change_Capacity{Capacity: &pb.CapacityChange{
			Cap: c.Cap, Measured: c.Measured, Committed: c.Committed, Shown: c.Shown,
		}}}
	case scheduler.Candidates:
		return &pb.Change{Change: &pb.Change_Candidates{Candidates: &pb.CandidatesChange{Peers: candidatesOf(c.Peers)}}}
	case scheduler.LinkUp:
		return &pb.Change{Change: &pb.Change_LinkUp{LinkUp: &pb.LinkUpChange{
			Link: uint64(c.Link), Peer: c.Peer[:], Role: pb.Role(c.Role), Dialed: pb.Side(c.Dialed), Status: statusOf(c.Status),
			Rtt: int64(c.RTT), MaxLinks: c.MaxLinks,
		}}}
	case scheduler.LinkDown:
		return &pb.Change{Change: &pb.Change_LinkDown{LinkDown: &pb.LinkDownChange{Link: uint64(c.Link), Peer: c.Peer[:], Cause: toValid(c.Cause)}}}
	case scheduler.DialFailed:
		return &pb.Change{Change: &pb.Change_DialFailed{DialFailed: &pb.DialFailedChange{Peer: c.Peer[:], Cause: toValid(c.Cause)}}}
	case scheduler.PeerStatus:
		return &pb.Change{Change: &pb.Change_PeerStatus{PeerStatus: &pb.PeerStatusChange{Link: uint64(c.Link), Status: statusOf(c.Status)}}}
	case scheduler.LinkMeasured:
		return &pb.Change{Change: &pb.Change_LinkMeasured{LinkMeasured: &pb.LinkMeasuredChange{
			Link: uint64(c.Link), Rtt: int64(c.RTT), SentRate: c.SentRate, RecvRate: c.RecvRate, Loss: c.Loss, Duplicate: c.Duplicate, Queue: int64(c.Queue),
		}}}
	case scheduler.SubstreamMeasured:
		return &pb.Change{Change: &pb.Change_SubstreamMeasured{SubstreamMeasured: &pb.SubstreamMeasuredChange{
			Link: uint64(c.Link), Substream: uint32(c.Substream), Lateness: int64(c.Lateness), Samples: uint32(c.Samples),
		}}}
	case scheduler.Subscribed:
		return &pb.Change{Change: &pb.Change_Subscribed{Subscribed: &pb.SubscribedChange{
			Link: uint64(c.Link), Substream: uint32(c.Substream), Mode: pb.Mode(c.Mode), From: c.From,
		}}}
	case scheduler.Unsubscribed:
		return &pb.Change{Change: &pb.Change_Unsubscribed{Unsubscribed: &pb.UnsubscribedChange{Link: uint64(c.Link), Substream: uint32(c.Substream)}}}
	case scheduler.Feeding:
		return &pb.Change{Change: &pb.Change_Feeding{Feeding: &pb.FeedingChange{
			Link: uint64(c.Link), Substream: uint32(c.Substream), Mode: pb.Mode(c.Mode), Reason: pb.Reason(c.Reason),
		}}}
	case scheduler.Silent:
		return &pb.Change{Change: &pb.Change_Silent{Silent: &pb.SilentChange{Link: uint64(c.Link), Substream: uint32(c.Substream), For: int64(c.For)}}}
	case scheduler.Held:
		return &pb.Change{Change: &pb.Change_Held{Held: &pb.HeldChange{Base: c.Base, Words: c.Words}}}
	case scheduler.Holds:
		return &pb.Change{Change: &pb.Change_Holds{Holds: &pb.HoldsChange{Link: uint64(c.Link), Base: c.Base, Words: c.Words}}}
	case scheduler.Late:
		return &pb.Change{Change: &pb.Change_Late{Late: &pb.LateChange{Number: c.Number, Deadline: int64(c.Deadline)}}}
	case scheduler.Order:
		return &pb.Change{Change: &pb.Change_Order{Order: &pb.OrderChange{Action: actionOf(c.Action)}}}
	case scheduler.Refused:
		return &pb.Change{Change: &pb.Change_Refused{Refused: &pb.RefusedChange{Action: actionOf(c.Action), Reason: pb.RefusedReason(c.Reason)}}}
	}
	return &pb.Change{}
}

func candidatesOf(list []swarm.Candidate) []*pb.Candidate {
	out := make([]*pb.Candidate, 0, len(list))
	for i := range list {
		out = append(out, &pb.Candidate{Peer: list[i].Peer[:], Role: pb.Role(list[i].Role), Addresses: textsOf(list[i].Addresses)})
	}
	return out
}

// batchFrom reads a batch. Changes of a later version are passed over.
func batchFrom(b *pb.Batch) (*scheduler.Batch, error) {
	out := &scheduler.Batch{Revision: b.GetRevision(), Now: durationOf(b.GetNow()), Snapshot: b.GetSnapshot()}
	out.Changes = make([]scheduler.Change, 0, len(b.GetChanges()))
	for _, c := range b.GetChanges() {
		change, err := changeFrom(c)
		if err != nil {
			return nil, err
		}
		if change != nil {
			out.Changes = append(out.Changes, change)
		}
	}
	return out, nil
}

func statusFrom(s *pb.PeerStatus) swarm.Status {
	out := swarm.Status{
		Uplink: s.GetUplink(), Spare: s.GetSpare(), Relays: s.GetRelays(), Open: s.GetOpen(), Delay: s.GetDelay(), Links: s.GetLinks(), Playing: s.GetPlaying(),
	}
	copy(out.Hops[:], s.GetHops())
	return out
}

func link(n uint64) swarm.LinkID { return swarm.LinkID(n) }

// changeFrom reads a change; nil for one of a later version.
func changeFrom(m *pb.Change) (scheduler.Change, error) {
	switch m := m.GetChange().(type) {
	case *pb.Change_Stream:
		return streamFrom(m.Stream)
	case *pb.Change_Capacity:
		c := m.Capacity
		return scheduler.Capacity{Cap: c.GetCap(), Measured: c.GetMeasured(), Committed: c.GetCommitted(), Shown: c.GetShown()}, nil
	case *pb.Change_Candidates:
		return candidatesFrom(m.Candidates)
	case *pb.Change_LinkUp:
		c := m.LinkUp
		peer, err := peerOf(c.GetPeer())
		return scheduler.LinkUp{
			Link: link(c.GetLink()), Peer: peer, Role: swarm.Role(c.GetRole()), Dialed: scheduler.Side(c.GetDialed()),
			Status: statusFrom(c.GetStatus()), RTT: durationOf(c.GetRtt()), MaxLinks: c.GetMaxLinks(),
		}, err
	case *pb.Change_LinkDown:
		peer, err := peerOf(m.LinkDown.GetPeer())
		return scheduler.LinkDown{Link: link(m.LinkDown.GetLink()), Peer: peer, Cause: m.LinkDown.GetCause()}, err
	case *pb.Change_DialFailed:
		peer, err := peerOf(m.DialFailed.GetPeer())
		return scheduler.DialFailed{Peer: peer, Cause: m.DialFailed.GetCause()}, err
	case *pb.Change_PeerStatus:
		return scheduler.PeerStatus{Link: link(m.PeerStatus.GetLink()), Status: statusFrom(m.PeerStatus.GetStatus())}, nil
	case *pb.Change_LinkMeasured:
		c := m.LinkMeasured
		return scheduler.LinkMeasured{
			Link: link(c.GetLink()), RTT: durationOf(c.GetRtt()), SentRate: c.GetSentRate(), RecvRate: c.GetRecvRate(),
			Loss: c.GetLoss(), Duplicate: c.GetDuplicate(), Queue: durationOf(c.GetQueue()),
		}, nil
	case *pb.Change_SubstreamMeasured:
		c := m.SubstreamMeasured
		return scheduler.SubstreamMeasured{
			Link: link(c.GetLink()), Substream: substreamFrom(c.GetSubstream()), Lateness: durationOf(c.GetLateness()), Samples: int(c.GetSamples()),
		}, nil
	case *pb.Change_Subscribed:
		c := m.Subscribed
		return scheduler.Subscribed{Link: link(c.GetLink()), Substream: substreamFrom(c.GetSubstream()), Mode: swarm.Mode(c.GetMode()), From: c.GetFrom()}, nil
	case *pb.Change_Unsubscribed:
		return scheduler.Unsubscribed{Link: link(m.Unsubscribed.GetLink()), Substream: substreamFrom(m.Unsubscribed.GetSubstream())}, nil
	case *pb.Change_Feeding:
		c := m.Feeding
		return scheduler.Feeding{
			Link: link(c.GetLink()), Substream: substreamFrom(c.GetSubstream()), Mode: swarm.Mode(c.GetMode()), Reason: swarm.Reason(c.GetReason()),
		}, nil
	case *pb.Change_Silent:
		return scheduler.Silent{Link: link(m.Silent.GetLink()), Substream: substreamFrom(m.Silent.GetSubstream()), For: durationOf(m.Silent.GetFor())}, nil
	case *pb.Change_Held:
		return scheduler.Held{Base: m.Held.GetBase(), Words: m.Held.GetWords()}, nil
	case *pb.Change_Holds:
		return scheduler.Holds{Link: link(m.Holds.GetLink()), Base: m.Holds.GetBase(), Words: m.Holds.GetWords()}, nil
	case *pb.Change_Late:
		return scheduler.Late{Number: m.Late.GetNumber(), Deadline: durationOf(m.Late.GetDeadline())}, nil
	case *pb.Change_Order:
		a, err := actionFrom(m.Order.GetAction())
		return scheduler.Order{Action: a}, err
	case *pb.Change_Refused:
		a, err := actionFrom(m.Refused.GetAction())
		return scheduler.Refused{Action: a, Reason: scheduler.RefusedReason(m.Refused.GetReason())}, err
	}
	return nil, nil
}

func streamFrom(c *pb.StreamChange) (scheduler.Change, error) {
	self, err := peerOf(c.GetSelf())
	if err != nil {
		return nil, err
	}
	s := scheduler.Stream{
		Self: self, Role: swarm.Role(c.GetRole()), Epoch: c.GetEpoch(), Substreams: int(c.GetSubstreams()), Rate: c.GetRate(),
		ChunkWire: int(c.GetChunkWire()), GroupSpan: durationOf(c.GetGroupSpan()), MaxLinks: int(c.GetMaxLinks()), Seed: c.GetSeed(), Paused: c.GetPaused(),
	}
	if len(c.GetStream()) != len(chunk.StreamID{}) {
		return nil, fmt.Errorf("%w: a stream id of %d bytes", errWire, len(c.GetStream()))
	}
	copy(s.Stream[:], c.GetStream())
	return s, nil
}

func candidatesFrom(c *pb.CandidatesChange) (scheduler.Change, error) {
	var out scheduler.Candidates
	for _, p := range c.GetPeers() {
		peer, err := peerOf(p.GetPeer())
		if err != nil {
			return nil, err
		}
		out.Peers = append(out.Peers, swarm.Candidate{Peer: peer, Role: swarm.Role(p.GetRole()), Addresses: addressesOf(p.GetAddresses())})
	}
	return out, nil
}
