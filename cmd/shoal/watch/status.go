package watch

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/shoal-live/shoal/core/node"
)

// Status writes one line about how it goes, over and over, until ctx ends.
func (v *Viewer) Status(ctx context.Context, w io.Writer) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			_, _ = fmt.Fprint(w, "\r\x1b[K")
			return
		case <-tick.C:
		}
		st, err := v.node.Stats()
		if err != nil || len(st.Streams) == 0 {
			continue
		}
		_, _ = fmt.Fprintf(w, "\r%s\x1b[K", Line(&st.Streams[0]))
	}
}

// Line is the status of a stream in one line.
func Line(s *node.StreamStats) string {
	l := &s.Latest
	if !l.Playing {
		switch {
		case s.Rendezvous != nil:
			return fmt.Sprintf("the rendezvous is away: %v", s.Rendezvous)
		case l.Neighbours == 0:
			return "looking for peers"
		}
		return fmt.Sprintf("joining, %d peers", l.Neighbours)
	}
	line := fmt.Sprintf("delay %.0f ms  playout %.0f ms  buffer %.0f ms  peers %d  down %.2f Mb/s (%.0f %% from peers, %.0f %% from the source)  up %.2f Mb/s",
		l.DelayMS, l.PlayoutMS, l.BufferMS, l.Neighbours, l.DownBps/1e6, 100*(1-l.FromSource), 100*l.FromSource, l.UpBps/1e6)
	if s.Rendezvous != nil {
		line += "  (the rendezvous is away)"
	}
	return line
}
