package report

// Stream is one of several streams on the same uplinks.
type Stream struct {
	Weight            int     `json:"weight"`              // at every uplink
	StreamBps         float64 `json:"stream_bps"`          // bits of group payload per second, born in the run
	SourceShare       float64 `json:"source_share"`        // wire bytes of its chunk frames / those of all streams, of the source
	SourceEgressRatio float64 `json:"source_egress_ratio"` // wire bytes of its chunk frames that left the source / stream bytes
	Cohort                    // all viewers, of this stream; upload_bps counts chunk frames alone
}

// RunStream is what Build makes a Stream of. Of the wire, its peers count chunk frames alone.
type RunStream struct {
	Weight      int
	StreamBytes uint64 // payload bytes of the groups born in the run
	Source      Peer
	Viewers     []Peer
}

// Merge adds what the same peer measured of another stream: counts add up, and it has started once all have.
func (p *Peer) Merge(o *Peer) {
	p.Delay.Merge(&o.Delay)
	p.Watched.Merge(&o.Watched)
	p.Playout.Merge(&o.Playout)
	p.Startup = max(p.Startup, o.Startup)
	p.Played = p.Played && o.Played
	for _, c := range []struct{ to, from *uint64 }{
		{&p.GroupsDue, &o.GroupsDue}, {&p.GroupsComplete, &o.GroupsComplete}, {&p.ChunksDue, &o.ChunksDue}, {&p.ChunksHeld, &o.ChunksHeld},
		{&p.Stalls, &o.Stalls}, {&p.Useful, &o.Useful}, {&p.Duplicate, &o.Duplicate}, {&p.Parity, &o.Parity}, {&p.Repair, &o.Repair},
		{&p.Forged, &o.Forged}, {&p.UsefulBytes, &o.UsefulBytes}, {&p.FromSourceBytes, &o.FromSourceBytes},
		{&p.WireSent, &o.WireSent}, {&p.ChunkSent, &o.ChunkSent},
	} {
		*c.to += *c.from
	}
	p.ClockError = max(p.ClockError, o.ClockError)
}

// streams are the reports of each.
func streams(r *Run) []Stream {
	sent := uint64(0)
	for i := range r.Streams {
		sent += r.Streams[i].Source.ChunkSent
	}
	var list []Stream
	for i := range r.Streams {
		s := &r.Streams[i]
		one := Stream{
			Weight: s.Weight, SourceShare: ratio(s.Source.ChunkSent, sent), SourceEgressRatio: ratio(s.Source.ChunkSent, s.StreamBytes),
			Cohort: gather(s.Viewers, r.Duration, ""),
		}
		if r.Duration > 0 {
			one.StreamBps = 8 * float64(s.StreamBytes) / r.Duration.Seconds()
		}
		list = append(list, one)
	}
	return list
}
