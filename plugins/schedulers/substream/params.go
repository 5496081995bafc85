package substream

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
)

// Params tune the policy. The comment of each gives its name in the config, default and limits.
type Params struct {
	Copies     int           // copies: seats at the source for each substream; 3, 1..16. Beyond ~25 % of headers and proofs, each costs the source one stream rate
	Rescue     float64       // rescue: further seats at the source, in copies of the whole stream, for viewers that find no relay; 0.25, 0..16
	Neighbours int           // neighbours: links that are sought; 12, 1..64
	Coverage   int           // coverage: relays with room that a peer wants to see for each substream; 2, 1..16
	Begin      int           // begin: substreams that a peer relays from the start; 2, 1..64
	Feeders    int           // feeders: eager feeders that a relay without a seat at the source has for each substream; 2, 1..4
	Lazy       int           // lazy: neighbours that announce what they hold; 4, 0..32
	Announce   time.Duration // announce: least interval of announcements to one neighbour; 250ms, 50ms..2s
	Trial      float64       // trial: uplink that is assumed until it is shown, in stream rates; 2, 0..16
	Headroom   float64       // headroom: share of a measured uplink that may be committed, and of a capped one halfway to all; 0.9, 0.1..1
	Rewire     time.Duration // rewire: interval at which feeders are compared; 1s, 200ms..10s
	Lateness   time.Duration // lateness: a feeder later than this behind the best gets a rival; 25ms, 5ms..1s
	Grace      time.Duration // grace: how long a joiner looks for relays before it asks the source for substreams that are not its own; 200ms, 0..5s
	Deviations float64       // deviations: a chunk is overdue at its substream's mean plus so many mean deviations; 4, 1..16
	Slack      time.Duration // slack: plus this; 20ms, 1ms..1s
	Repair     float64       // repair: share of the stream's rate that repair may take; 0.1, 0..1
}

// Defaults are the parameters of an empty config.
func Defaults() Params {
	return Params{
		Copies: 3, Rescue: 0.25, Neighbours: 12, Coverage: 2, Begin: 2, Feeders: 2, Lazy: 4, Announce: 250 * time.Millisecond,
		Trial: 2, Headroom: 0.9, Rewire: time.Second, Lateness: 25 * time.Millisecond, Grace: 200 * time.Millisecond,
		Deviations: 4, Slack: 20 * time.Millisecond, Repair: 0.1,
	}
}

// parameter is one row of the table of parameters: set puts a value in or says what would be one.
type parameter struct {
	name string
	set  func(value string) error
}

func (p *Params) table() []parameter {
	return []parameter{
		whole("copies", &p.Copies, 1, 16),
		number("rescue", &p.Rescue, 0, 16),
		whole("neighbours", &p.Neighbours, 1, 64),
		whole("coverage", &p.Coverage, 1, 16),
		whole("begin", &p.Begin, 1, 64),
		whole("feeders", &p.Feeders, 1, 4),
		whole("lazy", &p.Lazy, 0, 32),
		span("announce", &p.Announce, 50*time.Millisecond, 2*time.Second),
		number("trial", &p.Trial, 0, 16),
		number("headroom", &p.Headroom, 0.1, 1),
		span("rewire", &p.Rewire, 200*time.Millisecond, 10*time.Second),
		span("lateness", &p.Lateness, 5*time.Millisecond, time.Second),
		span("grace", &p.Grace, 0, 5*time.Second),
		number("deviations", &p.Deviations, 1, 16),
		span("slack", &p.Slack, time.Millisecond, time.Second),
		number("repair", &p.Repair, 0, 1),
	}
}

// parse reads the config's parameters over the defaults. The first wrong one by name is the error.
func parse(params map[string]string) (Params, error) {
	p := Defaults()
	table := p.table()
	known := make(map[string]bool, len(table))
	names := make([]string, 0, len(table))
	for _, row := range table {
		known[row.name] = true
		names = append(names, row.name)
		value, ok := params[row.name]
		if !ok {
			continue
		}
		if err := row.set(value); err != nil {
			return p, fmt.Errorf("policy substream: %s: %w", row.name, err)
		}
	}
	unknown := ""
	// order-free: the least of the unknown names is the same in whatever order they come.
	for name := range params {
		if !known[name] && (unknown == "" || name < unknown) {
			unknown = name
		}
	}
	if unknown != "" {
		return p, fmt.Errorf("policy substream: %w: no parameter %q (have: %s)", scheduler.ErrParameter, unknown, strings.Join(names, ", "))
	}
	return p, nil
}

func whole(name string, into *int, least, most int) parameter {
	return parameter{name, func(value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%w: %q is not a whole number from %d to %d", scheduler.ErrParameter, value, least, most)
		}
		*into = n
		return nil
	}}
}

func number(name string, into *float64, least, most float64) parameter {
	return parameter{name, func(value string) error {
		x, err := strconv.ParseFloat(value, 64)
		if err != nil || !(x >= least && x <= most) {
			return fmt.Errorf("%w: %q is not a number from %g to %g", scheduler.ErrParameter, value, least, most)
		}
		*into = x
		return nil
	}}
}

func span(name string, into *time.Duration, least, most time.Duration) parameter {
	return parameter{name, func(value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < least || d > most {
			return fmt.Errorf("%w: %q is not a duration from %v to %v, such as 250ms", scheduler.ErrParameter, value, least, most)
		}
		*into = d
		return nil
	}}
}
