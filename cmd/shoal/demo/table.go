package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/node"
)

// row is one viewer as the table shows it.
type row struct {
	name  string
	stats node.Stats
}

// view is all that one frame of the table shows.
type view struct {
	elapsed time.Duration
	source  node.Stats
	viewers []row
	bitrate float64 // bits of media per second
	lines   []string
}

// column is one figure of the viewers.
type column struct {
	title  string
	width  int // characters, the space before it included
	spare  int // columns of the highest value go first when there is no room; 0 for never
	figure func(*node.Statistics) string
}

// columns are the figures of the viewers, from left to right; the viewer's name stands before them.
func columns() []column {
	return []column{
		{"delay", 9, 0, func(l *node.Statistics) string { return ms(l.DelayMS) }},
		{"p99", 9, 4, func(l *node.Statistics) string { return ms(l.DelayP99MS) }},
		{"playout", 9, 0, func(l *node.Statistics) string { return ms(l.PlayoutMS) }},
		{"buffer", 9, 3, func(l *node.Statistics) string { return ms(l.BufferMS) }},
		{"nbrs", 6, 2, func(l *node.Statistics) string { return fmt.Sprint(l.Neighbours) }},
		{"down", 12, 1, func(l *node.Statistics) string { return bps(l.DownBps) }},
		{"up", 12, 0, func(l *node.Statistics) string { return bps(l.UpBps) }},
		{"source", 8, 0, func(l *node.Statistics) string { return fmt.Sprintf("%.0f %%", 100*l.FromSource) }},
		{"complete", 10, 0, func(l *node.Statistics) string { return fmt.Sprintf("%.2f %%", 100*l.Continuity) }},
	}
}

// nameWidth is that of the column with the viewers' names.
const nameWidth = 14

// fitting are the columns that a terminal of so many has room for.
func fitting(width int) []column {
	list := columns()
	for {
		total, spare := nameWidth, -1
		for i, c := range list {
			total += c.width
			if c.spare > 0 && (spare < 0 || c.spare > list[spare].spare) {
				spare = i
			}
		}
		if total <= width || spare < 0 {
			return list
		}
		list = append(list[:spare], list[spare+1:]...)
	}
}

// frame is what a terminal of so many columns and rows shows: when it is narrow, with fewer figures; when it is low,
// with fewer viewers. rows 0 is no limit.
func frame(v *view, width, rows int) []string {
	top := []string{fmt.Sprintf("Shoal demo  %s  stream %s", v.elapsed.Truncate(time.Second), bps(v.bitrate)), ""}
	if s := find(&v.source); s != nil {
		top = append(top, sourceLine(&s.Latest, v.bitrate), "")
	}
	list := fitting(width)
	title := fmt.Sprintf("%-*s", nameWidth, "viewer")
	for _, c := range list {
		title += fmt.Sprintf("%*s", c.width, c.title)
	}
	top = append(top, title)
	bottom := append([]string{""}, v.lines...)

	shown := len(v.viewers)
	if room := rows - len(top) - len(bottom); rows > 0 && room < shown {
		shown = max(room-1, 0)
		bottom = append([]string{fmt.Sprintf("and %d more", len(v.viewers)-shown)}, bottom...)
	}
	lines := top
	for i := range shown {
		lines = append(lines, viewerLine(&v.viewers[i], list))
	}
	lines = append(lines, bottom...)
	if rows > 0 {
		lines = lines[:min(len(lines), rows)]
	}
	for i, l := range lines {
		lines[i] = l[:min(len(l), width)] // all of it is ASCII
	}
	return lines
}

func sourceLine(l *node.Statistics, bitrate float64) string {
	limit := "no cap"
	if l.CapBps > 0 {
		limit = fmt.Sprintf("%s, %.0f %%", bps(l.CapBps), 100*l.UpBps/l.CapBps)
	}
	copies := 0.0
	if bitrate > 0 {
		copies = l.UpBps / bitrate
	}
	return fmt.Sprintf("source   %.1f copies leave   uplink %s of %s   neighbours %d", copies, bps(l.UpBps), limit, l.Neighbours)
}

func viewerLine(r *row, list []column) string {
	line := fmt.Sprintf("%-*s", nameWidth, r.name)
	s := find(&r.stats)
	if s == nil || !s.Latest.Playing {
		return line + fmt.Sprintf("%*s", list[0].width, "joining")
	}
	var b strings.Builder
	b.WriteString(line)
	for _, c := range list {
		fmt.Fprintf(&b, "%*s", c.width, c.figure(&s.Latest))
	}
	return b.String()
}

// find is the demo's one stream in a node's figures.
func find(s *node.Stats) *node.StreamStats {
	if len(s.Streams) == 0 {
		return nil
	}
	return &s.Streams[0]
}

func ms(v float64) string { return fmt.Sprintf("%.0f ms", v) }

func bps(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.2f Mb/s", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.0f kb/s", v/1e3)
	}
	return fmt.Sprintf("%.0f b/s", v)
}
