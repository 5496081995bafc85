package watch

import (
	"context"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// Status calls show with one line about how it goes, so often, until ctx ends.
func (v *Viewer) Status(ctx context.Context, every time.Duration, show func(line string)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		st, err := v.node.Stats()
		if err != nil || len(st.Streams) == 0 {
			continue
		}
		show(Line(&st.Streams[0]))
	}
}

// Line is the status of a stream in one line.
func Line(s *node.StreamStats) string {
	l := &s.Latest
	if s.Role == swarm.Helper {
		return helperLine(s)
	}
	if !l.Playing {
		switch {
		case s.Rendezvous != nil:
			return fmt.Sprintf("the rendezvous is away: %v", s.Rendezvous)
		case l.Neighbours == 0:
			return "looking for peers"
		}
		return fmt.Sprintf("joining, peers: %d", l.Neighbours)
	}
	if l.BufferMS == 0 && l.DownBps == 0 {
		return fmt.Sprintf("nothing comes, waiting for the source; peers: %d", l.Neighbours)
	}
	line := fmt.Sprintf("delay %.0f ms, buffer %.0f ms, peers: %d, down %.2f Mb/s (%.0f %% from the source), up %.2f Mb/s",
		l.PlayoutMS, l.BufferMS, l.Neighbours, l.DownBps/1e6, 100*l.FromSource, l.UpBps/1e6)
	return away(s) + line
}

// helperLine is Line of one that plays nothing.
func helperLine(s *node.StreamStats) string {
	l := &s.Latest
	if l.Neighbours == 0 {
		if s.Rendezvous != nil {
			return fmt.Sprintf("the rendezvous is away: %v", s.Rendezvous)
		}
		return "looking for peers"
	}
	fed := 0
	for i := range s.Engine.Links {
		if s.Engine.Links[i].Out != 0 {
			fed++
		}
	}
	return away(s) + fmt.Sprintf("relays to %d of %d peers, down %.2f Mb/s (%.0f %% from the source), up %.2f Mb/s",
		fed, l.Neighbours, l.DownBps/1e6, 100*l.FromSource, l.UpBps/1e6)
}

// away begins the line while the rendezvous does not answer.
func away(s *node.StreamStats) string {
	if s.Rendezvous != nil {
		return "rendezvous away, "
	}
	return ""
}
