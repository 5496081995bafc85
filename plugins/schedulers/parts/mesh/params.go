package mesh

import (
	"time"

	"github.com/shoal-live/shoal/plugins/schedulers/parts/settings"
)

// Params are the parameters that all policies of the mesh have. The comment of each gives its name in the config, default
// and limits; a policy may have other defaults, and says so.
type Params struct {
	Copies     int           // copies: seats at the source for each substream; 3, 1..16. Each costs the source one stream rate
	Neighbours int           // neighbours: links that are sought; 12, 1..64
	Listen     int           // listen: neighbours that tell what they hold; 8, 1..32
	Announce   time.Duration // announce: least interval at which one is told; 100ms, 20ms..2s
	Turn       time.Duration // turn: interval at which chunks are chosen; 30ms, 5ms..500ms
	Trial      float64       // trial: uplink that is assumed until it is shown, in stream rates; 2, 0..16
	Headroom   float64       // headroom: share of a measured uplink that may be used, and of a capped one halfway to all; 0.9, 0.1..1
	Deviations float64       // deviations: a chunk that nobody has brought is repaired at its substream's mean plus so many mean deviations; 4, 0..16
	Slack      time.Duration // slack: plus this; 600ms, 1ms..1s
	Repair     float64       // repair: share of the stream's rate that the engine's repair may take; 0.05, 0..1
}

// Defaults are the parameters of an empty config.
func Defaults() Params {
	return Params{
		Copies: 3, Neighbours: 12, Listen: 8, Announce: 100 * time.Millisecond, Turn: 30 * time.Millisecond, Trial: 2,
		Headroom: 0.9, Deviations: 4, Slack: 600 * time.Millisecond, Repair: 0.05,
	}
}

// Settings is the table of all of them.
func (p *Params) Settings() []settings.Setting {
	return []settings.Setting{
		settings.Whole("copies", &p.Copies, 1, 16),
		settings.Whole("neighbours", &p.Neighbours, 1, 64),
		settings.Whole("listen", &p.Listen, 1, 32),
		settings.Span("announce", &p.Announce, 20*time.Millisecond, 2*time.Second),
		settings.Span("turn", &p.Turn, 5*time.Millisecond, 500*time.Millisecond),
		settings.Number("trial", &p.Trial, 0, 16),
		settings.Number("headroom", &p.Headroom, 0.1, 1),
		settings.Number("deviations", &p.Deviations, 0, 16),
		settings.Span("slack", &p.Slack, time.Millisecond, time.Second),
		settings.Number("repair", &p.Repair, 0, 1),
	}
}
