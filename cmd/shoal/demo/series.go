package demo

import (
	"time"

	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/report"
)

// series collects one entry of the report a second.
type series struct {
	began   time.Time
	at      time.Time
	sent    uint64
	due     uint64
	held    uint64
	delays  map[string]report.Histogram // what each viewer had measured when the second began
	entries []report.Second
}

// add measures the second that has ended.
func (s *series) add(now time.Time, source *node.Stats, viewers []row) {
	if s.delays == nil {
		s.delays = make(map[string]report.Histogram)
		s.at, s.sent = s.began, 0
	}
	var delay report.Histogram
	var due, held uint64
	playing := 0
	for i := range viewers {
		st := find(&viewers[i].stats)
		if st == nil {
			continue
		}
		if st.Engine.Playing {
			playing++
		}
		one, before := st.Engine.Delay, s.delays[viewers[i].name]
		s.delays[viewers[i].name] = one
		one.Sub(&before)
		delay.Merge(&one)
		due += st.Engine.Groups.Due
		held += st.Engine.Groups.Complete
	}
	entry := report.Second{
		At: now.Sub(s.began).Seconds(), Viewers: playing, DelayP50: delay.Quantile(.5) / 1000, DelayP99: delay.Quantile(.99) / 1000,
		EgressBps: 8 * float64(source.Sent-s.sent) / now.Sub(s.at).Seconds(),
	}
	if due > s.due {
		entry.Continuity = float64(held-s.held) / float64(due-s.due)
	}
	s.entries = append(s.entries, entry)
	s.at, s.sent, s.due, s.held = now, source.Sent, due, held
}
