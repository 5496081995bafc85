package node

import (
	"cmp"
	"maps"
	"slices"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/swarm"
)

// Stats is what a node has measured since it began.
type Stats struct {
	Self     swarm.PeerID
	Sent     uint64 // wire bytes that left, all streams, all that the sockets carried
	Received uint64
	Most1s   uint64 // greatest number of wire bytes that left in any one second
	Cap      uint64 // bytes per second, 0 for none
	Links    int
	Dials    Dials
	Dropped  uint64 // frames and calls that found the inbox full
	Streams  []StreamStats
}

// Dials are those that streams have asked for, and that have ended.
type Dials struct {
	Linked uint64 // there is a link with the peer, whichever end's dial it came of
	Failed uint64
}

// StreamStats describe this node's part in one stream.
type StreamStats struct {
	Name       string
	Role       swarm.Role
	Policy     string
	Fallback   bool       // the fallback decides, since the policy was late or dead
	Latest     Statistics // over the last second or so
	Engine     engine.Stats
	Ingest     report.Histogram // capture -> group born, at a source whose ingest measures it
	URLs       []string         // of its outputs
	Dropped    uint64           // items that outputs were too slow for
	Rendezvous error            // nil while it answers
	Refused    error            // why it will never answer; nil otherwise
}

// Stats measures now. Errors: ErrClosed.
func (n *Node) Stats() (Stats, error) {
	var s Stats
	err := n.call(func() { s = n.stats() })
	return s, err
}

func (n *Node) stats() Stats {
	s := Stats{Self: n.self, Most1s: n.egress.Most, Cap: n.cfg.Uplink, Links: len(n.links), Dials: n.dials}
	n.inbox.mu.Lock()
	s.Dropped = n.inbox.dropped
	n.inbox.mu.Unlock()
	s.Sent, s.Received = n.carried()
	for _, st := range n.streams {
		one := StreamStats{
			Name: st.cfg.Name, Role: st.cfg.Role, Policy: st.cfg.Policy.Name, Fallback: st.talk.replaced,
			Latest: st.report.value, Engine: st.engine.Stats(n.now()), Ingest: st.ingest, Rendezvous: st.away, Refused: st.refused,
		}
		for _, o := range st.outputs {
			if urls := o.urls.Load(); urls != nil {
				one.URLs = append(one.URLs, *urls...)
			}
			one.Dropped += o.dropped.Load()
		}
		s.Streams = append(s.Streams, one)
	}
	slices.SortFunc(s.Streams, func(a, b StreamStats) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

// carried are the wire bytes that left and came, over all transports and their lives.
func (n *Node) carried() (sent, received uint64) {
	sent, received = n.past.Sent, n.past.Received
	for _, slot := range n.slots {
		sent += slot.meter.Sent
		received += slot.meter.Received
	}
	return sent, received
}

func sortedLinks(m map[swarm.LinkID]*link) []swarm.LinkID {
	return slices.Sorted(maps.Keys(m))
}

// fail tells that a part of the node ended by itself.
func (n *Node) fail(name string, err error) {
	if err != nil {
		n.cfg.Events(event.PartFailed{Part: name, Cause: err.Error()})
	}
}
