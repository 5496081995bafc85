package substream

import (
	"time"

	"github.com/shoal-live/shoal/plugins/schedulers/parts/settings"
)

// Params tune the policy. The comment of each gives its name in the config, default and limits.
type Params struct {
	Copies     int           // copies: seats at the source for each substream; 3, 1..16. Beyond ~25 % of headers and proofs, each costs the source one stream rate
	Rescue     float64       // rescue: further seats at the source, in copies of the whole stream, for viewers that find no relay; 0.25, 0..16
	Neighbours int           // neighbours: links that are sought; 12, 1..64
	Coverage   int           // coverage: relays with room that a peer wants to see for each substream; 2, 1..16
	Fanout     int           // fanout: seats for each substream that a peer sets out to relay: the more, the shallower the trees, and the fewer relays of each; 8, 2..64
	Feeders    int           // feeders: eager feeders that a relay without a seat at the source has for each substream, once all of them are fed and where there is plenty of room; 2, 1..4
	Lazy       int           // lazy: neighbours that announce what they hold; 4, 0..32
	Announce   time.Duration // announce: least interval of announcements to one neighbour; 250ms, 50ms..2s
	Trial      float64       // trial: uplink that is assumed until it is shown, in stream rates; 0.7, 0..16
	Headroom   float64       // headroom: share of an uplink that may be committed, beyond what control takes; nine tenths of that are told as spare; 0.9, 0.1..1
	Rewire     time.Duration // rewire: interval at which feeders are compared; 1s, 200ms..10s
	Lateness   time.Duration // lateness: a feeder later than this behind the best gets a rival; 25ms, 5ms..1s
	Grace      time.Duration // grace: how long a joiner looks for relays before it asks the source for substreams that are not its own; 200ms, 0..5s
	Unfed      time.Duration // unfed: how long a joiner that somebody had no room for waits to be fed before it pulls and plays; 5s, 0..60s
	Deviations float64       // deviations: a chunk is overdue at its substream's mean plus so many mean deviations; 3, 1..16
	Slack      time.Duration // slack: plus this; 10ms, 1ms..1s
	Repair     float64       // repair: share of the stream's rate that repair may take; 0.2, 0..1
}

// Defaults are the parameters of an empty config.
func Defaults() Params {
	return Params{
		Copies: 3, Rescue: 0.25, Neighbours: 12, Coverage: 2, Fanout: 8, Feeders: 2, Lazy: 4, Announce: 250 * time.Millisecond,
		Trial: 0.7, Headroom: 0.9, Rewire: time.Second, Lateness: 25 * time.Millisecond, Grace: 200 * time.Millisecond,
		Unfed: 5 * time.Second, Deviations: 3, Slack: 10 * time.Millisecond, Repair: 0.2,
	}
}

// parse reads the config's parameters over the defaults. Errors: scheduler.ErrParameter.
func parse(params map[string]string) (Params, error) {
	p := Defaults()
	err := settings.Read("substream", params, []settings.Setting{
		settings.Whole("copies", &p.Copies, 1, 16),
		settings.Number("rescue", &p.Rescue, 0, 16),
		settings.Whole("neighbours", &p.Neighbours, 1, 64),
		settings.Whole("coverage", &p.Coverage, 1, 16),
		settings.Whole("fanout", &p.Fanout, 2, 64),
		settings.Whole("feeders", &p.Feeders, 1, 4),
		settings.Whole("lazy", &p.Lazy, 0, 32),
		settings.Span("announce", &p.Announce, 50*time.Millisecond, 2*time.Second),
		settings.Number("trial", &p.Trial, 0, 16),
		settings.Number("headroom", &p.Headroom, 0.1, 1),
		settings.Span("rewire", &p.Rewire, 200*time.Millisecond, 10*time.Second),
		settings.Span("lateness", &p.Lateness, 5*time.Millisecond, time.Second),
		settings.Span("grace", &p.Grace, 0, 5*time.Second),
		settings.Span("unfed", &p.Unfed, 0, time.Minute),
		settings.Number("deviations", &p.Deviations, 1, 16),
		settings.Span("slack", &p.Slack, time.Millisecond, time.Second),
		settings.Number("repair", &p.Repair, 0, 1),
	})
	return p, err
}
