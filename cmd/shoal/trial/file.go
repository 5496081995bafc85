package trial

import "github.com/shoal-live/shoal/core/report"

// File is what `shoal trial --report` writes.
type File struct {
	Trial     *report.Report `json:"trial"`
	Used      []Used         `json:"used"`                // of the machine, by what takes it
	Simulator *report.Report `json:"simulator,omitempty"` // of the same scenario; without --no-sim
	Baseline  []Way          `json:"baseline,omitempty"`  // Shoal, MediaMTX RTSP, MediaMTX LL-HLS; with --baseline
	Media     *Media         `json:"media,omitempty"`     // with --media
	Restarts  *Restarts      `json:"restarts,omitempty"`  // where the scenario kills the source
	Poison    *Poison        `json:"poison,omitempty"`    // where the scenario has poisoners
	Held      []Held         `json:"held,omitempty"`      // by source and viewers, every five seconds
	Plugins   map[string]int `json:"plugins,omitempty"`   // whose processes were killed, by kind
}

// File is the result beside what the simulator says, nil when it was not asked.
func (r *Result) File(simulated *report.Report) File {
	return File{Trial: r.Report, Used: r.Used, Simulator: simulated, Baseline: r.Ways, Media: r.Media, Restarts: r.Restarts, Poison: r.Poison, Held: r.Held, Plugins: r.Killed}
}
