package baseline

import (
	"time"

	"github.com/shoal-live/shoal/core/report"
)

// Result is what was measured; the package comment says what each figure means.
type Result struct {
	Readers   int   // that were to come
	NeverRead int   // of them, that never got a picture at which decoding can begin
	Lost      int   // of them, that ended before the run did, read or not; none comes again
	Err       error // what the first of Lost said

	// Startup is the time from a reader's first step until it has a picture at which decoding can begin, over the whole run;
	// those that never had one are not in it. In microseconds, as all histograms. Over HLS it is until the newest part at which
	// decoding can begin is there, which a player shows at once or HoldBack later; the first reader of a path
	// also waits for MediaMTX to cut a segment or two, unless hlsAlwaysRemux is set.
	Startup report.Histogram

	Window     time.Duration    // how long all that follows was measured
	Delay      report.Histogram // of access units
	PartDelay  report.Histogram // LL-HLS: of parts, from the capture of the first picture
	HoldBack   time.Duration    // LL-HLS: by which a player stays behind the newest part
	Continuity float64          // received / due, over all readers that read; 0 to 1

	Bytes       uint64 // media that all readers got
	StreamBytes uint64 // on their TCP connections
	WireBytes   uint64 // the same with headers, estimated

	Server ServerUsage
	CPU    time.Duration // of this process, all readers and whatever else it does; 0 where CPUTime is not measured
}
