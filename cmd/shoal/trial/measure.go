package trial

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/usage"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/core/swarm"
)

// Result is what a trial has measured.
type Result struct {
	Report   *report.Report
	Used     []Used         // by what takes it
	Fed      uint64         // bytes that MediaMTX has sent to the source, as it counts them
	Links    int            // most link ends of one viewer
	Media    *Media         // nil when nobody was to be compared
	Restarts *Restarts      // nil when the source was not killed
	Ways     []Way          // Shoal, and MediaMTX alone; none without Options.Baseline
	Poison   *Poison        // nil where nobody poisons
	Held     []Held         // by part, every five seconds
	Killed   map[string]int // plugins' processes, by kind
	Whole    bool           // false when it was stopped
}

// The parts that the ways are compared by.
const partMedia, partSource, partViewers = "MediaMTX", "source", "viewers"

// Used is what one part of the trial takes of the machine.
type Used struct {
	Part     string  `json:"part"`
	CPU      float64 `json:"cpu"`            // cores, over the run
	Resident uint64  `json:"resident_bytes"` // at the end
}

// meter measures what the parts of a trial take of the machine.
type meter struct {
	parts []part
	at    time.Time
}

// part is one part, and what its processes had taken when the measuring began.
type part struct {
	name string
	pids []int
	cpu  time.Duration
}

func newMeter(t *trial) *meter {
	m := &meter{at: time.Now(), parts: []part{
		{name: partMedia, pids: []int{t.media.PID()}},
		{name: partSource, pids: []int{t.source.hand.cmd.Process.Pid}},
		{name: partViewers},
		{name: "conductor", pids: []int{os.Getpid()}},
	}}
	for _, h := range t.crew {
		m.parts[2].pids = append(m.parts[2].pids, h.cmd.Process.Pid)
	}
	for i := range m.parts {
		m.parts[i].cpu = m.parts[i].used().CPU
	}
	return m
}

// lose ends the processes of a part, and keeps in mind what they had taken: of what such a process has started and nobody waits for,
// nothing would be known.
func (m *meter) lose(name string, end func()) {
	p, all := m.part(name), &m.parts[len(m.parts)-1]
	p.cpu -= p.used().CPU
	before := all.used().CPU
	end()
	all.cpu -= before - min(all.used().CPU, before)
	p.pids = nil
}

// pids are the processes of a part, which has none.
func (m *meter) pids(name string, pids ...int) { m.part(name).pids = pids }

func (m *meter) part(name string) *part {
	return &m.parts[slices.IndexFunc(m.parts, func(p part) bool { return p.name == name })]
}

func (p *part) used() usage.Used {
	var sum usage.Used
	for _, pid := range p.pids {
		sum.Add(usage.Of(pid))
	}
	return sum
}

// read is what the parts have taken since the measuring began, and all together. The conductor is the parent of all others.
func (m *meter) read() (list []Used, all usage.Used) {
	spent := time.Since(m.at).Seconds()
	var others Used
	for i := range m.parts {
		p := &m.parts[i]
		now := p.used()
		one := Used{Part: p.name, CPU: (now.CPU - p.cpu).Seconds() / spent, Resident: now.Resident}
		if i < len(m.parts)-1 {
			others.CPU += one.CPU
			others.Resident += one.Resident
		} else {
			all = now
			all.CPU -= p.cpu
			one.CPU -= min(others.CPU, one.CPU)
			one.Resident -= min(others.Resident, one.Resident)
		}
		list = append(list, one)
	}
	return list, all
}

// series collects one entry of the report a second.
type series struct {
	at      time.Duration
	before  Sample
	sent    uint64
	links   int
	entries []report.Second
}

// sample measures the second that has ended.
func (t *trial) sample(ctx context.Context, joined int) {
	const within = 2 * time.Second // of a machine that has too much to do, the trial must end all the same
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	at := time.Since(t.began)
	now, sent, err := t.together(ctx)
	if err != nil {
		return // the next one is of this second too
	}
	s := &t.series
	lately := now.Delay
	lately.Sub(&s.before.Delay)
	e := report.Second{
		At: at.Seconds(), Viewers: now.Playing, DelayP50: lately.Quantile(0.5) / 1000, DelayP99: lately.Quantile(0.99) / 1000,
		EgressBps: 8 * float64(sent-min(s.sent, sent)) / (at - s.at).Seconds(), Continuity: 1,
	}
	if now.Due > s.before.Due {
		e.Continuity = float64(now.Complete-s.before.Complete) / float64(now.Due-s.before.Due)
	}
	s.entries = append(s.entries, e)
	s.at, s.before, s.sent, s.links = at, now, sent, max(s.links, now.MostLinks)
	t.poison.note(at, &now)
	if t.opts.Progress != nil {
		t.opts.Progress(Progress{
			At: at, Of: t.plan.sim.Duration, Joined: joined, Playing: e.Viewers, Delay: e.DelayP99, Whole: e.Continuity,
		})
	}
}

// together is what all viewers have measured so far, and what the source has sent.
func (t *trial) together(ctx context.Context) (all Sample, sent uint64, err error) {
	for _, h := range t.crew {
		var one Sample
		if err := h.call(ctx, "Sample", SampleCall{Poison: t.poison.began > 0}, &one); err != nil {
			return Sample{}, 0, err
		}
		all.Playing += one.Playing
		all.Due += one.Due
		all.Complete += one.Complete
		all.Delay.Merge(&one.Delay)
		all.MostLinks = max(all.MostLinks, one.MostLinks)
		all.Poisoners = append(all.Poisoners, one.Poisoners...)
		for peer, n := range one.Neighbours { // order-free: sums
			if all.Neighbours == nil {
				all.Neighbours = make(map[swarm.PeerID]int)
			}
			all.Neighbours[peer] += n
		}
	}
	source, err := t.source.measure(ctx)
	return all, source.Sent, err
}

// tooSlow is how long the crew may take to say what it has measured.
const tooSlow = time.Minute

// measure makes the report.
func (t *trial) measure(ctx context.Context) (*Result, error) {
	source, err := t.source.measure(ctx)
	if err != nil {
		return nil, fmt.Errorf("trial: %w", err)
	}
	duration := time.Since(t.began)
	used, all := t.used.read()
	var viewers []Measured
	for _, h := range t.crew {
		var some []Measured
		if err := h.call(ctx, "Measure", Nothing(0), &some); err != nil {
			return nil, fmt.Errorf("trial: %w", err)
		}
		viewers = append(viewers, some...)
	}
	fed := t.fed(ctx)
	media, err := t.compare(ctx) // last, for it takes a while
	if err != nil {
		return nil, err
	}
	slices.SortFunc(viewers, func(a, b Measured) int { return cmp.Compare(a.Viewer, b.Viewer) })
	run := report.Run{
		Seed: t.plan.sim.Seed, Duration: duration, Policy: t.opts.Policy.Name, StreamBytes: source.Published, Source: source.Peer,
		Most1s: source.Most1s, Ingest: source.Ingest, ClockMethod: "same", WireRate: t.plan.sim.WireRate(), Series: t.series.entries,
		CPU: all.CPU, MaxRSS: all.Largest,
	}
	run.Source.WireSent = source.Sent
	var came, helped []sim.Uplink
	for i := range viewers {
		v := &viewers[i]
		if v.Failed != "" {
			return nil, fmt.Errorf("trial: %s ended: %s", t.plan.name(v.Viewer), v.Failed)
		}
		if helper := v.Viewer - len(t.plan.seats); helper >= 0 {
			st := t.plan.helpers[helper]
			run.Helpers += st.uplink
			helped = append(helped, sim.Uplink{Rate: st.uplink})
			continue
		}
		st := t.plan.seats[v.Viewer]
		uplink := sim.Uplink{Rate: st.uplink}
		came = append(came, uplink)
		v.Peer.Uplink = st.uplink
		if uplink.Idle() {
			v.Peer.Uplink = 1 // 0 would mean no limit
		}
		v.Peer.Cohorts = t.plan.sim.Cohorts(st.class, st.vice, st.ended)
		run.Viewers = append(run.Viewers, v.Peer)
	}
	if len(came) == 0 {
		return nil, context.Canceled
	}
	run.Bounds = t.plan.sim.Bounds(append(came, helped...))
	return &Result{
		Report: report.Build(&run), Used: used, Fed: fed - min(t.fedBefore, fed), Links: t.series.links, Media: media,
		Restarts: restarts(t.source.lives, viewers, func(viewer int) time.Time { return t.plan.seats[viewer].left }),
		Poison:   t.poison.result(),
		Held:     t.held, Killed: t.kills(),
		Whole: duration >= t.plan.sim.Duration,
	}, nil
}
