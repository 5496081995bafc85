package report

import (
	"cmp"
	"slices"
	"time"
)

// Peer is what one peer measured over a run; the source's is in Run.Source. Chunks that were born before the
// peer joined count in no delay.
type Peer struct {
	Delay   Histogram // chunk born -> verified
	Watched Histogram // of Delay, what was born since playback had begun
	Playout Histogram // group born -> handed to the player

	Startup time.Duration // join -> first group played; 0 when none ever was
	Played  bool

	GroupsDue, GroupsComplete uint64
	ChunksDue, ChunksHeld     uint64
	Stalls                    uint64

	Useful, Duplicate, Parity, Repair, Forged uint64 // chunks that arrived
	UsefulBytes, FromSourceBytes              uint64 // payload

	WireSent  uint64 // bytes that left, all of them
	ChunkSent uint64 // wire bytes of chunk frames among them
	Uplink    uint64 // bytes per second; 0 for no limit

	DialsLinked, DialsFailed uint64 // dials that have ended, with a link and without

	ClockError time.Duration
	Cohorts    []string // that the peer belongs to
}

// Run is what Build makes a report of.
type Run struct {
	Seed        uint64
	Duration    time.Duration
	Policy      string
	StreamBytes uint64 // payload bytes of the groups born in the run
	Source      Peer
	Most1s      uint64 // greatest number of wire bytes that left the source in any one second
	Viewers     []Peer
	Streams     []RunStream // where there are several, and Source and Viewers are of all together
	Ingest      Histogram
	ClockMethod string
	Bounds      Bounds
	Helpers     uint64  // uplinks of all helpers, bytes per second
	WireRate    float64 // of one copy of the stream, bytes per second; 0 where it is not known, and payload counts
	Series      []Second
	CPU         time.Duration
	MaxRSS      uint64
}

// Build makes the report of a run, by the formulas in Report.
func Build(r *Run) *Report {
	all := gather(r.Viewers, r.Duration, "")
	rep := &Report{
		Viewers:         len(r.Viewers),
		Seed:            r.Seed,
		DurationS:       r.Duration.Seconds(),
		Policy:          r.Policy,
		IngestMS:        r.Ingest.Percentiles(),
		DelayMS:         all.DelayMS,
		PlayoutMS:       all.PlayoutMS,
		StartupMS:       all.StartupMS,
		Continuity:      all.Continuity,
		ChunkContinuity: all.ChunkContinuity,
		Stalls:          all.Stalls,
		SourceCapBps:    8 * float64(r.Source.Uplink),
		Max1sEgressBps:  8 * float64(r.Most1s),
		BoundMS:         r.Bounds,
		Streams:         streams(r),
		Series:          r.Series,
		Clock:           Clock{Method: r.ClockMethod},
		CPUS:            r.CPU.Seconds(),
		MaxRSSBytes:     r.MaxRSS,
	}
	if r.Duration > 0 {
		rep.StreamBps = 8 * float64(r.StreamBytes) / r.Duration.Seconds()
	}
	rep.SourceEgressRatio = ratio(r.Source.WireSent, r.StreamBytes)
	sum := Peer{WireSent: r.Source.WireSent, ChunkSent: r.Source.ChunkSent, DialsLinked: r.Source.DialsLinked, DialsFailed: r.Source.DialsFailed}
	uplinks, limited := r.Source.Uplink+r.Helpers, r.Source.Uplink > 0
	var watched Histogram
	for i := range r.Viewers {
		v := &r.Viewers[i]
		rep.Delays.Merge(&v.Delay)
		watched.Merge(&v.Watched)
		sum.Useful += v.Useful
		sum.Duplicate += v.Duplicate
		sum.Parity += v.Parity
		sum.Repair += v.Repair
		sum.Forged += v.Forged
		sum.UsefulBytes += v.UsefulBytes
		sum.FromSourceBytes += v.FromSourceBytes
		sum.WireSent += v.WireSent
		sum.ChunkSent += v.ChunkSent
		sum.DialsLinked += v.DialsLinked
		sum.DialsFailed += v.DialsFailed
		sum.ClockError = max(sum.ClockError, v.ClockError)
		uplinks += v.Uplink
		limited = limited && v.Uplink > 0
		if !v.Played {
			rep.NeverPlayed++
		}
	}
	rep.WatchedMS = watched.Percentiles()
	if sum.UsefulBytes > 0 {
		rep.Offload = 1 - ratio(sum.FromSourceBytes, sum.UsefulBytes)
	}
	rep.DuplicateRatio = ratio(sum.Duplicate, sum.Useful)
	rep.ParityRatio = ratio(sum.Parity, sum.Useful)
	rep.RepairRatio = ratio(sum.Repair, sum.Useful)
	rep.RedundancyRatio = rep.DuplicateRatio + rep.ParityRatio + rep.RepairRatio
	rep.ControlRatio = ratio(sum.WireSent-min(sum.ChunkSent, sum.WireSent), sum.WireSent)
	rep.RejectedChunks = sum.Forged
	rep.DialSuccess = ratio(sum.DialsLinked, sum.DialsLinked+sum.DialsFailed)
	rep.Clock.ErrorMS = float64(sum.ClockError) / float64(time.Millisecond)
	rate := r.WireRate
	if rate == 0 {
		rate = rep.StreamBps / 8
	}
	if limited && rate > 0 && len(r.Viewers) > 0 {
		rep.ResourceIndex = float64(uplinks) / (float64(len(r.Viewers)) * rate)
	}
	if r.Bounds.Burst > 0 {
		rep.Stretch = rep.DelayMS.P99 / r.Bounds.Burst
	}
	for _, name := range cohorts(r.Viewers) {
		if rep.Cohorts == nil {
			rep.Cohorts = make(map[string]Cohort)
		}
		rep.Cohorts[name] = gather(r.Viewers, r.Duration, name)
	}
	return rep
}

// gather measures the viewers of one cohort, or all for "".
func gather(viewers []Peer, duration time.Duration, cohort string) Cohort {
	var delay, playout, startup Histogram
	var due, held, sent uint64
	var c Cohort
	var shares []float64
	for i := range viewers {
		v := &viewers[i]
		if cohort != "" && !slices.Contains(v.Cohorts, cohort) {
			continue
		}
		c.Viewers++
		delay.Merge(&v.Delay)
		playout.Merge(&v.Playout)
		if v.Played {
			startup.Add(v.Startup.Microseconds())
		}
		due += v.ChunksDue
		held += v.ChunksHeld
		sent += v.WireSent
		c.Stalls += v.Stalls
		shares = append(shares, ratio(v.GroupsComplete, v.GroupsDue)) // 0 for one that never played
	}
	c.DelayMS, c.PlayoutMS, c.StartupMS = delay.Percentiles(), playout.Percentiles(), startup.Percentiles()
	c.ChunkContinuity = ratio(held, due)
	if c.Viewers > 0 && duration > 0 {
		c.UploadBps = 8 * float64(sent) / float64(c.Viewers) / duration.Seconds()
	}
	c.Continuity = continuity(shares)
	return c
}

func continuity(shares []float64) Continuity {
	if len(shares) == 0 {
		return Continuity{}
	}
	slices.Sort(shares)
	worst := max(len(shares)/100, 1)
	return Continuity{Mean: mean(shares), Worst1Pct: mean(shares[:worst]), Worst: shares[0]}
}

func mean(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

func cohorts(viewers []Peer) []string {
	var names []string
	for i := range viewers {
		names = append(names, viewers[i].Cohorts...)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return slices.Compact(names)
}

func ratio[T uint64](a, b T) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
