package report

// Report is the result of one run. Times are milliseconds.
type Report struct {
	Viewers       int     `json:"viewers"`        // viewers that took part
	Seed          uint64  `json:"seed"`           // of everything random
	DurationS     float64 `json:"duration_s"`     // from the first join to the end
	StreamBps     float64 `json:"stream_bps"`     // bits of group payload per second, born in the run
	ResourceIndex float64 `json:"resource_index"` // (source, helper and viewer uplinks) / (viewers x stream rate, on the wire where that is known); 0 when an uplink is unlimited
	Policy        string  `json:"policy,omitempty"`

	IngestMS  Percentiles `json:"ingest_ms"`        // RTP NTP time -> group born
	DelayMS   Percentiles `json:"delay_ms"`         // chunk born at the source -> verified at a viewer, all chunks of all viewers
	WatchedMS Percentiles `json:"watched_delay_ms"` // of delay_ms, what was born since its viewer had begun to play: without what came late because its viewer was joining
	PlayoutMS Percentiles `json:"playout_delay_ms"` // group born -> handed to the player, all groups of all viewers
	StartupMS Percentiles `json:"startup_ms"`       // join -> first group played, one sample a viewer

	Continuity      Continuity `json:"continuity"`       // groups complete when due / groups due, one value a viewer
	ChunkContinuity float64    `json:"chunk_continuity"` // chunks held when due / chunks due, all viewers
	Stalls          uint64     `json:"stalls"`           // runs of missed groups, all viewers
	NeverPlayed     int        `json:"never_played"`     // viewers that never played a group

	SourceEgressRatio float64 `json:"source_egress_ratio"` // source wire bytes / stream bytes
	Max1sEgressBps    float64 `json:"max_1s_egress_bps"`   // greatest wire bits that left the source in any one second
	SourceCapBps      float64 `json:"source_cap_bps"`      // 0 when none was set
	Offload           float64 `json:"offload"`             // 1 - useful bytes that came from the source / useful bytes that viewers received
	DuplicateRatio    float64 `json:"duplicate_ratio"`     // identical copies / useful chunks
	ParityRatio       float64 `json:"parity_ratio"`        // parity chunks / useful chunks
	RepairRatio       float64 `json:"repair_ratio"`        // chunks that were asked for / useful chunks
	RedundancyRatio   float64 `json:"redundancy_ratio"`    // all three
	ControlRatio      float64 `json:"control_ratio"`       // wire bytes that are not chunk frames / all wire bytes, all peers
	RejectedChunks    uint64  `json:"rejected_chunks"`     // forged
	DialSuccess       float64 `json:"dial_success"`        // dials that ended with a link / dials that ended, source and viewers; 0 where none is counted

	BoundMS Bounds  `json:"bound_ms"` // of delay p99
	Stretch float64 `json:"stretch"`  // delay p99 / burst bound

	Cohorts map[string]Cohort `json:"cohorts,omitempty"`
	Streams []Stream          `json:"streams,omitempty"` // where there are several
	Series  []Second          `json:"series,omitempty"`
	Clock   Clock             `json:"clock"`

	Delays Histogram `json:"-"` // all of delay_ms, for those who plot it

	CPUS        float64 `json:"cpu_s"`         // of all processes of the run, user and system
	MaxRSSBytes uint64  `json:"max_rss_bytes"` // of the largest process
}

// Percentiles of one measure.
type Percentiles struct {
	Samples uint64  `json:"samples"`
	P50     float64 `json:"p50"`
	P95     float64 `json:"p95"`
	P99     float64 `json:"p99"`
	P999    float64 `json:"p999"`
	Max     float64 `json:"max"`
}

// Continuity over viewers.
type Continuity struct {
	Mean      float64 `json:"mean"`
	Worst1Pct float64 `json:"worst_1pct"` // mean of the worst hundredth of the viewers, at least one
	Worst     float64 `json:"worst"`      // of the worst viewer
}

// Bounds are yardsticks for the delay within which 99 of 100 chunks reach a viewer, from the uplinks, the delay between
// peers, and the sizes of chunks and groups: see [Ideal]. tau is the time in which an uplink sends a chunk. The demo takes
// the caps that were set, half the median round trip of the links, and the frames of its clip; the simulator what
// its scenario says.
type Bounds struct {
	// Postal: a peer informed at t delivers its k-th copy at t + k tau + latency, the largest uplinks first, the source its
	// copies alone; the time by which 99 of 100 viewers are informed. What has no limit takes no time to send.
	Postal float64 `json:"postal"`
	// Burst: postal, and the time that the chunk and those before it in its group take at the rate that reaches everybody
	// at best, min(source, all uplinks together / viewers): the 99th percentile over the chunks. It is the one for video.
	Burst float64 `json:"burst"`
	// ChunkSteps: tau of the mean uplink, times ceil(log2 of the viewers) + 1; 0 when an uplink has no limit.
	ChunkSteps float64 `json:"chunk_steps"`
}

// Cohort repeats the measures for some of the viewers.
type Cohort struct {
	Viewers         int         `json:"viewers"`
	DelayMS         Percentiles `json:"delay_ms"`
	PlayoutMS       Percentiles `json:"playout_delay_ms"`
	StartupMS       Percentiles `json:"startup_ms"`
	Continuity      Continuity  `json:"continuity"`
	ChunkContinuity float64     `json:"chunk_continuity"`
	Stalls          uint64      `json:"stalls"`
	UploadBps       float64     `json:"upload_bps"` // wire bits that left each of them, per second of the run
}

// Second is one second of the run.
type Second struct {
	At         float64 `json:"at_s"`
	Viewers    int     `json:"viewers"`
	DelayP50   float64 `json:"delay_p50_ms"`
	DelayP99   float64 `json:"delay_p99_ms"`
	Continuity float64 `json:"continuity"`
	EgressBps  float64 `json:"source_egress_bps"`
}

// Clock says how clocks were compared.
type Clock struct {
	Method  string  `json:"method"`   // "same" or "ping"
	ErrorMS float64 `json:"error_ms"` // the greatest of all viewers
}
