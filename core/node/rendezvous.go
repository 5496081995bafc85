package node

import (
	"context"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/swarm"
)

// runRendezvous keeps a stream's rendezvous running.
func (n *Node) runRendezvous(ctx context.Context, st *stream) {
	self := Self{Peer: n.self, Role: st.cfg.Role, Stream: st.cfg.Stream, Name: st.cfg.Name}
	err := st.cfg.Rendezvous.Run(ctx, self, rendezvousSink{n, st})
	if err == nil || ctx.Err() != nil {
		return
	}
	n.cfg.Log.Error("rendezvous ended", "stream", st.cfg.Name, "error", err)
	n.inbox.post(func() { st.refused = err })
}

// rendezvousSink carries what a rendezvous brings to the loop.
type rendezvousSink struct {
	n  *Node
	st *stream
}

func (s rendezvousSink) do(f func()) {
	s.n.inbox.post(func() {
		if !s.st.left {
			s.n.touch(s.st)
			f()
		}
	})
}

func (s rendezvousSink) Candidates(c []swarm.Candidate) {
	s.do(func() {
		s.st.engine.Candidates(s.n.now(), c)
		s.n.moveTo(c)
	})
}

func (s rendezvousSink) Descriptor(signed []byte) {
	s.do(func() {
		if err := s.st.engine.Describe(s.n.now(), signed); err != nil {
			s.n.cfg.Log.Debug("descriptor from the rendezvous", "stream", s.st.cfg.Name, "error", err)
		}
	})
}

func (s rendezvousSink) Signal(from swarm.PeerID, data []byte) {
	s.do(func() {
		for _, slot := range s.n.slots {
			if slot.current != nil {
				slot.current.Signal(from, data)
			}
		}
	})
}

func (s rendezvousSink) Punch(addresses []swarm.Address, delay time.Duration) {
	s.do(func() { s.n.punch(addresses, delay) })
}

func (s rendezvousSink) Suspect(peer swarm.PeerID) {
	s.do(func() { s.st.engine.Suspect(s.n.now(), peer) })
}

func (s rendezvousSink) Connection(err error) {
	s.do(func() { s.st.away = err })
}

// lastReport is what the rates of the next report are measured from.
type lastReport struct {
	at       time.Duration
	stats    engine.Stats
	sent     uint64
	received uint64
	value    Statistics
}

// reportUp measures how a stream does since the last report, and tells the rendezvous.
func (n *Node) reportUp(st *stream) {
	now := n.now()
	since := now - st.report.at
	if since < time.Second {
		return
	}
	s := st.engine.Stats(now)
	sent, received := n.carried()
	delay := s.Delay
	delay.Sub(&st.report.stats.Delay)
	v := Statistics{
		Peer:       n.self,
		Role:       st.cfg.Role,
		Neighbours: len(s.Links),
		DelayMS:    delay.Quantile(0.5) / 1000,
		DelayP99MS: delay.Quantile(0.99) / 1000,
		PlayoutMS:  float64(s.Target) / float64(time.Millisecond),
		BufferMS:   float64(s.Buffer) / float64(time.Millisecond),
		UpBps:      8 * float64(sent-st.report.sent) / since.Seconds(),
		DownBps:    8 * float64(received-st.report.received) / since.Seconds(),
		CapBps:     8 * float64(n.cfg.Uplink),
		Continuity: 1,
		Playing:    s.Playing,
		Linked:     n.dials.Linked,
		Failed:     n.dials.Failed,
		Policy:     st.cfg.Policy.Name,
	}
	if bytes := s.Chunks.UsefulBytes - st.report.stats.Chunks.UsefulBytes; bytes > 0 {
		v.FromSource = float64(s.Chunks.FromSource-st.report.stats.Chunks.FromSource) / float64(bytes)
	}
	if s.Groups.Due > 0 {
		v.Continuity = float64(s.Groups.Complete) / float64(s.Groups.Due)
	}
	for i := range s.Links {
		if s.Links[i].In != 0 {
			v.Feeds = append(v.Feeds, s.Links[i].Peer)
		}
	}
	st.report = lastReport{at: now, stats: s, sent: sent, received: received, value: v}
	if st.cfg.Rendezvous != nil {
		st.cfg.Rendezvous.Report(v)
	}
}
