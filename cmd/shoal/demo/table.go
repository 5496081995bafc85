package demo

import (
	"fmt"
	"io"
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

// draw writes one frame. On a terminal it overwrites the frame before.
func draw(w io.Writer, v *view) {
	var b strings.Builder
	b.WriteString("\x1b[H") // home; each line clears its own rest, so that nothing flickers
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\x1b[K\n", args...) }
	line("\x1b[1mShoal demo\x1b[0m  %s  stream %s", v.elapsed.Truncate(time.Second), bps(v.bitrate))
	line("")
	if s := find(&v.source); s != nil {
		up, capped := s.Latest.UpBps, "no cap"
		if s.Latest.CapBps > 0 {
			capped = fmt.Sprintf("%s, %.0f %%", bps(s.Latest.CapBps), 100*up/s.Latest.CapBps)
		}
		copies := 0.0
		if v.bitrate > 0 {
			copies = up / v.bitrate
		}
		line("source   %.1f copies leave   uplink %s of %s   neighbours %d", copies, bps(up), capped, s.Latest.Neighbours)
	}
	line("")
	line("%-14s %8s %8s %8s %8s %5s %11s %11s %8s %9s", "viewer", "delay", "p99", "playout", "buffer", "nbrs", "down", "up", "source", "complete")
	for i := range v.viewers {
		r := &v.viewers[i]
		s := find(&r.stats)
		if s == nil || !s.Latest.Playing {
			line("%-14s %8s", r.name, "joining")
			continue
		}
		l := &s.Latest
		line("%-14s %5.0f ms %5.0f ms %5.0f ms %5.0f ms %5d %11s %11s %6.0f %% %7.2f %%", r.name, l.DelayMS, l.DelayP99MS,
			l.PlayoutMS, l.BufferMS, l.Neighbours, bps(l.DownBps), bps(l.UpBps), 100*l.FromSource, 100*l.Continuity)
	}
	line("")
	for _, l := range v.lines {
		line("%s", l)
	}
	b.WriteString("\x1b[J")
	_, _ = io.WriteString(w, b.String()) // a terminal that is gone needs no table
}

// find is the demo's one stream in a node's figures.
func find(s *node.Stats) *node.StreamStats {
	if len(s.Streams) == 0 {
		return nil
	}
	return &s.Streams[0]
}

func bps(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.2f Mb/s", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.0f kb/s", v/1e3)
	}
	return fmt.Sprintf("%.0f b/s", v)
}
