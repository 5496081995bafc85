package engine_test

import (
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

func (s *story) have(w []string) {
	m := &swarm.Have{Epoch: s.desc.Epoch}
	for _, n := range s.set(w[1]) {
		m.Window.Add(n)
	}
	if a := s.number(w, "anchor", 1<<40); a != 1<<40 {
		m.Anchor = a + 1
	}
	s.control(s.link(w[0]), m)
}

func (s *story) hops(w []string) {
	m := &swarm.Status{Playing: 1}
	for k, n := range w[1:] {
		m.Hops.Set(k, int(s.int(n)))
	}
	s.control(s.link(w[0]), m)
}

func (s *story) wants(w []string) {
	s.control(s.link(w[0]), &swarm.Want{Epoch: s.desc.Epoch, Numbers: s.set(w[1])})
}

func (s *story) cancels(w []string) {
	s.control(s.link(w[0]), &swarm.Cancel{Epoch: s.desc.Epoch, Numbers: s.set(w[1])})
}

func (s *story) denies(w []string) {
	m := &swarm.Deny{Epoch: s.desc.Epoch, Reason: swarm.NotHeld}
	if w[1] == "chunks" {
		m.Numbers = s.set(w[2])
		if s.has(w, "full") {
			m.Reason = swarm.NoCapacity
		}
	} else {
		m.Substream, m.Reason = uint32(s.int(w[2])), swarm.NoCapacity
		if s.has(w, "outbid") {
			m.Reason = swarm.Outbid
		}
	}
	s.control(s.link(w[0]), m)
}

func (s *story) subscribes(w []string) {
	s.control(s.link(w[0]), &swarm.Subscribe{Substreams: s.mask(w[1]), Mode: s.mode(w[2]), From: s.number(w, "from", 0)})
}

func (s *story) unsubscribe(w []string) {
	s.control(s.link(w[0]), &swarm.Unsubscribe{Substreams: s.mask(w[1])})
}

func (s *story) descriptor(w []string) {
	signed := s.signed()
	if s.has(w, "forged") {
		signed[len(signed)-1] ^= 1
	}
	s.control(s.link(w[0]), &swarm.DescriptorMessage{Signed: signed})
}

func (s *story) byes(w []string) {
	causes := map[string]swarm.ByeCause{"leaving": swarm.ByeLeaving, "full": swarm.ByeFull, "rewire": swarm.ByeRewire}
	s.control(s.link(w[0]), &swarm.Bye{Cause: causes[w[1]]})
}

func (s *story) garbage(w []string) {
	for range s.int(w[1]) {
		s.engine.Control(s.now, s.link(w[0]), []byte{byte(swarm.TypeWant), 0xff})
	}
}

func (s *story) flood(w []string) {
	for i := range s.int(w[0]) {
		s.now += ms
		s.control(1, &swarm.Subscribe{Substreams: 1, Mode: swarm.Mode(1 + i%2)})
	}
}

func (s *story) full(w []string) {
	for _, n := range s.set(w[1]) {
		s.engine.Full(s.now, s.link(w[0]), chunk.ID{Epoch: s.desc.Epoch, Number: n})
	}
}

func (s *story) writable(w []string) { s.engine.Writable(s.now, s.link(w[0])) }

func (s *story) candidate(w []string) {
	s.engine.Candidates(s.now, []swarm.Candidate{{
		Peer: named(w[0]), Role: swarm.Viewer, Addresses: []swarm.Address{swarm.Address(w[1])},
	}})
}

func (s *story) failed(w []string) { s.engine.DialFailed(s.now, named(w[0]), "no answer") }

func (s *story) stats([]string) {
	st := s.engine.Stats(s.now)
	s.say("groups: due %d complete %d missed %d stalls %d", st.Groups.Due, st.Groups.Complete, st.Groups.Missed, st.Groups.Stalls)
	c := st.Chunks
	s.say("chunks: due %d held %d useful %d duplicate %d repair %d forged %d unproven %d malformed %d",
		c.Due, c.Held, c.Useful, c.Duplicate, c.Repair, c.Forged, c.Unproven, c.Malformed)
	if c.Parity > 0 {
		s.say("parity: %d, to spare %d, restored %d, tried %d times", c.Parity, c.SpareParity(), c.Restored, s.code.tried)
	}
	s.say("sent: chunks %d repair %d expired %d full %d dropped %d",
		st.Sent.Chunks, st.Sent.Repair, st.Sent.Expired, st.Sent.Full, st.Sent.Dropped)
	s.say("playing %v startup %v buffer %v target %v committed %d", st.Playing, st.Startup, st.Buffer, st.Target, st.Committed)
}
