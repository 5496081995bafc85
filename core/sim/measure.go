package sim

import (
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/swarm"
)

// meter finds the greatest number of bytes in any second, to a hundredth of one.
type meter struct {
	slots [101]int
	slot  int64 // that fills
	sum   int
	most  int
	total uint64
}

const slotSpan = 10 * time.Millisecond

func (m *meter) add(now time.Duration, bytes int) {
	slot := int64(now / slotSpan)
	for range min(slot-m.slot, int64(len(m.slots))) {
		m.slot++
		i := m.slot % int64(len(m.slots))
		m.sum -= m.slots[i]
		m.slots[i] = 0
	}
	m.slot = max(m.slot, slot)
	m.slots[m.slot%int64(len(m.slots))] += bytes
	m.sum += bytes
	m.most = max(m.most, m.sum)
	m.total += uint64(bytes)
}

// measureAll is what a peer has measured so far, by stream.
func (w *world) measureAll(p *peer) []*report.Peer {
	var list []*report.Peer
	for i := range p.parts {
		list = append(list, w.measure(&p.parts[i]))
	}
	return list
}

// measure is what a peer has measured so far of one stream. Of the wire, what is no chunk belongs to no stream.
func (w *world) measure(a *part) *report.Peer {
	p := a.peer
	s := a.engine.Stats(w.now)
	r := &report.Peer{
		Delay: s.Delay, Watched: s.Watched, Playout: s.Playout, Startup: s.Startup, Played: s.Startup > 0 || s.Playing,
		GroupsDue: s.Groups.Due, GroupsComplete: s.Groups.Complete, ChunksDue: s.Chunks.Due, ChunksHeld: s.Chunks.Held,
		Stalls: s.Groups.Stalls, Useful: s.Chunks.Useful, Duplicate: s.Chunks.Duplicate, Parity: s.Chunks.SpareParity(),
		Repair: s.Chunks.Repair, Forged: s.Chunks.Forged, UsefulBytes: s.Chunks.UsefulBytes, FromSourceBytes: s.Chunks.FromSource,
		WireSent: a.chunks, ChunkSent: a.chunks, Uplink: p.uplink.Rate, ClockError: s.Clock,
	}
	if p.class == nil {
		return r
	}
	if p.uplink.Idle() {
		r.Uplink = 1 // 0 would mean no limit
	}
	r.Cohorts = w.cfg.Cohorts(p.class, p.vice, p.gone)
	return r
}

// result builds the report.
func (w *world) result() *report.Report {
	run := report.Run{
		Seed: w.cfg.Seed, Duration: w.now, Policy: w.cfg.PolicyName,
		Most1s: uint64(w.second.most), ClockMethod: "ping", Series: w.series, Bounds: w.bounds(), WireRate: w.cfg.WireRate(),
	}
	for _, m := range w.streams {
		run.StreamBytes += m.bytes
		if len(w.streams) > 1 {
			run.Streams = append(run.Streams, report.RunStream{Weight: m.share.Weight, StreamBytes: m.bytes})
		}
	}
	run.Viewers = make([]report.Peer, 0, len(w.peers))
	for _, p := range w.peers {
		if p.finals == nil && p.parts != nil {
			p.finals = w.measureAll(p)
			p.links, p.ids, p.parts, p.budget = nil, nil, nil, nil // there is no room for all of it and the report
		}
		if p.finals == nil {
			continue // it never joined
		}
		switch p.role() {
		case swarm.Source:
			run.Source = p.together()
		case swarm.Helper:
			run.Helpers += p.uplink.Rate
		case swarm.Viewer:
			run.Viewers = append(run.Viewers, p.together())
		}
		for i := range run.Streams {
			switch s := &run.Streams[i]; p.role() {
			case swarm.Source:
				s.Source = *p.finals[i]
			case swarm.Viewer:
				s.Viewers = append(s.Viewers, *p.finals[i])
			case swarm.Helper:
			}
		}
		p.finals = nil
	}
	return report.Build(&run)
}

// together is what a peer that has ended measured of all streams.
func (p *peer) together() report.Peer {
	all := *p.finals[0]
	for _, m := range p.finals[1:] {
		all.Merge(m)
	}
	all.WireSent = p.sent
	return all
}

// second is a state of the totals that a series shows the change of.
type second struct {
	delay         report.Histogram
	due, complete uint64
	egress        uint64
}

// everySecond tells engines what their transports measure, and keeps the series.
func (w *lane) everySecond() {
	for _, i := range w.alive {
		p := w.peers[i]
		var told streams
		for _, h := range p.links {
			if h.up == 0 || h.lost == h.told {
				continue
			}
			h.told = h.lost
			told |= h.up
			for i := range p.parts {
				if h.up.has(i) {
					p.parts[i].engine.Measured(w.now, h.id, engine.Measured{RTT: 2 * h.delay, Lost: h.lost})
				}
			}
		}
		for i := range p.parts {
			if told.has(i) {
				w.advance(&p.parts[i])
			}
		}
	}
	if w.cfg.Series == PerSecond {
		w.series = append(w.series, w.entry())
	}
	w.add(w.now+time.Second, happening{what: doSecond})
}

// entry is the series' entry of the second that ends now.
func (w *world) entry() report.Second {
	var total second
	total.egress = w.second.total
	viewers := 0
	for _, p := range w.peers {
		if p.role() != swarm.Viewer {
			continue
		}
		for _, m := range p.finals {
			total.delay.Merge(&m.Delay)
			total.due += m.GroupsDue
			total.complete += m.GroupsComplete
		}
		if p.parts != nil {
			viewers++
		}
		for i := range p.parts { // not by way of measure, whose reports take as much memory as a tenth of a peer
			s := p.parts[i].engine.Stats(w.now)
			total.delay.Merge(&s.Delay)
			total.due += s.Groups.Due
			total.complete += s.Groups.Complete
		}
	}
	lately := total.delay
	lately.Sub(&w.before.delay)
	e := report.Second{
		At: w.now.Seconds(), Viewers: viewers, EgressBps: 8 * float64(total.egress-w.before.egress),
		DelayP50: lately.Quantile(0.5) / 1000, DelayP99: lately.Quantile(0.99) / 1000, Continuity: 1,
	}
	if due := total.due - w.before.due; due > 0 {
		e.Continuity = float64(total.complete-w.before.complete) / float64(due)
	}
	w.before = total
	return e
}
