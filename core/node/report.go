package node

import "github.com/shoal-live/shoal/core/report"

// Published is how many bytes of the stream called name were born here.
func (s *Stats) Published(name string) uint64 {
	for i := range s.Streams {
		if s.Streams[i].Name == name {
			return s.Streams[i].Engine.Published.Bytes
		}
	}
	return 0
}

// Peer is what a report is built from: this node's part in the stream called name; ok says whether it has one.
func (s *Stats) Peer(name string) (_ report.Peer, ok bool) {
	for i := range s.Streams {
		st := &s.Streams[i]
		if st.Name != name {
			continue
		}
		e := &st.Engine
		return report.Peer{
			Delay: e.Delay, Watched: e.Watched, Playout: e.Playout,
			Startup: e.Startup, Played: e.Groups.Complete > 0,
			GroupsDue: e.Groups.Due, GroupsComplete: e.Groups.Complete,
			ChunksDue: e.Chunks.Due, ChunksHeld: e.Chunks.Held, Stalls: e.Groups.Stalls,
			Useful: e.Chunks.Useful, Duplicate: e.Chunks.Duplicate, Parity: e.Chunks.SpareParity(), Repair: e.Chunks.Repair,
			Forged: e.Chunks.Forged, UsefulBytes: e.Chunks.UsefulBytes, FromSourceBytes: e.Chunks.FromSource,
			WireSent: s.Sent, ChunkSent: e.Sent.ChunkBytes, Uplink: s.Cap, ClockError: e.Clock,
			DialsLinked: s.Dials.Linked, DialsFailed: s.Dials.Failed,
		}, true
	}
	return report.Peer{}, false
}
