package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/usage"
)

// Held is what the processes of one part hold at a time, together.
type Held struct {
	At          float64 `json:"at"` // seconds
	Part        string  `json:"part"`
	Goroutines  int     `json:"goroutines"`
	Descriptors int     `json:"descriptors"` // open files and sockets
	Live        uint64  `json:"live_bytes"`  // that the last collection left on the heap
	// Resident counts plugins' processes too; the other figures do not.
	Resident uint64 `json:"resident_bytes"`
}

// heldEvery is how often what processes hold is noted.
const heldEvery = 5 * time.Second

// hold notes what the processes hold.
func (t *trial) hold(ctx context.Context) error {
	for _, p := range []struct {
		name  string
		hands []*hand
	}{{partSource, []*hand{t.source.hand}}, {partViewers, t.crew}} {
		if p.name == partSource && !t.source.live() {
			continue
		}
		all := Held{At: time.Since(t.began).Seconds(), Part: p.name}
		for _, h := range p.hands {
			var one Held
			if err := h.call(ctx, "Held", Nothing(0), &one); err != nil {
				return err
			}
			all.Goroutines += one.Goroutines
			all.Descriptors += one.Descriptors
			all.Live += one.Live
			all.Resident += usage.Of(h.cmd.Process.Pid).Resident
		}
		t.held = append(t.held, all)
	}
	return nil
}

// Growth is how what a part holds has grown from the second quarter of a trial, when all are there, to its last. Medians.
type Growth struct {
	Part         string
	Before, Last Held
}

// Growth is that of each part; none of a trial that was too short to tell.
func (r *Result) Growth() []Growth {
	var list []Growth
	for _, part := range []string{partSource, partViewers} {
		g := Growth{Part: part}
		var before, last bool
		g.Before, before = median(r.Held, part, 0.25*r.Report.DurationS, 0.5*r.Report.DurationS)
		g.Last, last = median(r.Held, part, 0.75*r.Report.DurationS, r.Report.DurationS)
		if before && last {
			list = append(list, g)
		}
	}
	return list
}

// median is that of each figure of a part from one second to another; false when there are fewer than three of them.
func median(all []Held, part string, from, to float64) (m Held, ok bool) {
	some := slices.DeleteFunc(slices.Clone(all), func(h Held) bool { return h.Part != part || h.At < from || h.At > to })
	if len(some) < 3 {
		return Held{}, false
	}
	m.Goroutines = middle(some, func(h Held) int { return h.Goroutines })
	m.Descriptors = middle(some, func(h Held) int { return h.Descriptors })
	m.Live = middle(some, func(h Held) uint64 { return h.Live })
	m.Resident = middle(some, func(h Held) uint64 { return h.Resident })
	return m, true
}

func middle[T cmp.Ordered](list []Held, of func(Held) T) T {
	var all []T
	for _, h := range list {
		all = append(all, of(h))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// flat is by how much what is held may grow in half a trial.
const flat = 1.2

// rows are the figures of a growth.
func (g *Growth) rows() []grown {
	const mega = 1e6
	return []grown{
		{g.Part + ", goroutines", float64(g.Before.Goroutines), float64(g.Last.Goroutines), "%.0f", 50},
		{g.Part + ", descriptors", float64(g.Before.Descriptors), float64(g.Last.Descriptors), "%.0f", 20},
		{g.Part + ", live heap, MB", float64(g.Before.Live) / mega, float64(g.Last.Live) / mega, "%.1f", 4},
		{g.Part + ", resident, MB", float64(g.Before.Resident) / mega, float64(g.Last.Resident) / mega, "%.1f", 20},
	}
}

// grown is one figure before and last, and by how much it may differ whatever its ratio.
type grown struct {
	name         string
	before, last float64
	format       string
	slack        float64
}

func (r grown) bad() bool { return r.last > flat*r.before && r.last > r.before+r.slack }

// Steady is nil when nothing has grown. Errors: what has, or that the trial was too short to tell.
func (r *Result) Steady() error {
	all := r.Growth()
	if len(all) == 0 {
		return errors.New("steady: the trial was too short to tell: make duration a minute or more")
	}
	var grew []string
	for _, g := range all {
		for _, row := range g.rows() {
			if row.bad() {
				grew = append(grew, fmt.Sprintf("%s: "+row.format+" to "+row.format, row.name, row.before, row.last))
			}
		}
	}
	if len(grew) > 0 {
		return fmt.Errorf("steady: what was held grew by more than a fifth from the second quarter to the last: %s", strings.Join(grew, "; "))
	}
	return nil
}

// PrintSteady writes how what the parts hold has grown.
func PrintSteady(w io.Writer, r *Result) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "\nheld, medians\tsecond quarter\tlast quarter\tratio")
	for _, g := range r.Growth() {
		for _, row := range g.rows() {
			fmt.Fprintf(tw, "%s\t"+row.format+"\t"+row.format+"\t%.2f\n", row.name, row.before, row.last, row.last/max(row.before, 1e-9))
		}
	}
	return tw.Flush()
}
