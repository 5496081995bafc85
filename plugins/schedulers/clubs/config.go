package clubs

import (
	"time"

	"github.com/shoal-live/shoal/plugins/schedulers/parts/settings"
)

// Params tune the policy. The comment of each gives its name in the config, default and limits.
type Params struct {
	Clubs      int           // clubs: that the substreams are dealt to, number mod clubs; 6, 2..16
	Join       int           // join: clubs that a peer with an uplink is a member of; 2, 1..16
	Mates      int           // mates: members that push a member its club's chunks, of whom the first to hold one is enough; 3, 1..8
	Copies     int           // copies: seats at the source for each substream; 3, 1..16. Each costs the source one stream rate
	Rescue     float64       // rescue: further seats at the source, in copies of the whole stream, for viewers that find no member; 0.25, 0..16
	Neighbours int           // neighbours: links that are sought; 14, 1..64
	Lazy       int           // lazy: neighbours that announce what they hold; 4, 0..32
	Announce   time.Duration // announce: least interval of announcements to one neighbour; 250ms, 50ms..2s
	Trial      float64       // trial: uplink that is assumed until it is shown, in stream rates; 2, 0..16
	Headroom   float64       // headroom: share of a measured uplink that may be committed, and of a capped one halfway to all; 0.9, 0.1..1
	Grace      time.Duration // grace: how long a joiner looks for members before it asks the source for what is not its clubs'; 200ms, 0..5s
	Deviations float64       // deviations: a chunk is overdue at its substream's mean plus so many mean deviations; 4, 1..16
	Slack      time.Duration // slack: plus this; 20ms, 1ms..1s
	Repair     float64       // repair: share of the stream's rate that repair may take; 0.1, 0..1
}

// Defaults are the parameters of an empty config.
func Defaults() Params {
	return Params{
		Clubs: 6, Join: 2, Mates: 3, Copies: 3, Rescue: 0.25, Neighbours: 14, Lazy: 4, Announce: 250 * time.Millisecond, Trial: 2,
		Headroom: 0.9, Grace: 200 * time.Millisecond, Deviations: 4, Slack: 20 * time.Millisecond, Repair: 0.1,
	}
}

// parse reads the config's parameters over the defaults. Errors: scheduler.ErrParameter.
func parse(params map[string]string) (Params, error) {
	p := Defaults()
	err := settings.Read("clubs", params, []settings.Setting{
		settings.Whole("clubs", &p.Clubs, 2, 16),
		settings.Whole("join", &p.Join, 1, 16),
		settings.Whole("mates", &p.Mates, 1, 8),
		settings.Whole("copies", &p.Copies, 1, 16),
		settings.Number("rescue", &p.Rescue, 0, 16),
		settings.Whole("neighbours", &p.Neighbours, 1, 64),
		settings.Whole("lazy", &p.Lazy, 0, 32),
		settings.Span("announce", &p.Announce, 50*time.Millisecond, 2*time.Second),
		settings.Number("trial", &p.Trial, 0, 16),
		settings.Number("headroom", &p.Headroom, 0.1, 1),
		settings.Span("grace", &p.Grace, 0, 5*time.Second),
		settings.Number("deviations", &p.Deviations, 1, 16),
		settings.Span("slack", &p.Slack, time.Millisecond, time.Second),
		settings.Number("repair", &p.Repair, 0, 1),
	})
	return p, err
}
