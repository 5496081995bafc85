package demo

import (
	"context"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/usage"
	"github.com/shoal-live/shoal/core/report"
)

// Result is what a demo measured.
type Result struct {
	Report *report.Report
}

// watch shows the table until the user has seen enough or the demo's time is over, or a viewer fails.
func (d *Demo) watch(ctx context.Context, failures <-chan error) error {
	var screen screen
	if d.opts.Table != nil {
		screen.open(d.opts.Table, d.opts.Size)
		defer screen.close()
	}
	var over <-chan time.Time
	if d.opts.For > 0 {
		timer := time.NewTimer(d.opts.For)
		defer timer.Stop()
		over = timer.C
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	d.series.began = d.began
	for beats := 1; ; beats++ {
		select {
		case <-ctx.Done():
			return nil
		case <-d.over:
			return nil
		case <-over:
			return nil
		case err := <-failures:
			return err
		case <-tick.C:
		}
		v, err := d.view()
		if err != nil {
			continue // it is ending
		}
		if beats%2 == 0 {
			d.series.add(time.Now(), &v.source, v.viewers)
		}
		if d.opts.Table != nil {
			screen.draw(v)
		}
	}
}

// audienceStats measures every viewer now.
func (d *Demo) audienceStats() ([]row, error) {
	d.mu.Lock()
	viewers := append([]*viewer(nil), d.viewers...)
	d.mu.Unlock()
	rows := make([]row, 0, len(viewers))
	for _, v := range viewers {
		st, err := v.viewer.Node().Stats()
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{name: v.name, stats: st})
	}
	return rows, nil
}

func (d *Demo) view() (*view, error) {
	v := &view{elapsed: time.Since(d.began)}
	var err error
	if v.source, err = d.server.Stats(); err != nil {
		return nil, err
	}
	if v.viewers, err = d.audienceStats(); err != nil {
		return nil, err
	}
	if s := find(&v.source); s != nil {
		if t := time.Since(d.began).Seconds(); t > 0 {
			v.bitrate = 8 * float64(s.Engine.Published.Bytes) / t
		}
	}
	d.mu.Lock()
	v.lines = append([]string(nil), d.lines...)
	d.mu.Unlock()
	return v, nil
}

// measure makes the report.
func (d *Demo) measure() (*Result, error) {
	source, err := d.server.Stats()
	if err != nil {
		return nil, err
	}
	viewers, err := d.audienceStats()
	if err != nil {
		return nil, err
	}
	used := usage.Self()
	run := report.Run{
		Duration: time.Since(d.began), Most1s: source.Most1s, ClockMethod: "same", CPU: used.CPU, MaxRSS: used.Largest, Policy: d.opts.Policy.Name,
		Series: d.series.entries,
	}
	if p, ok := source.Peer(streamName); ok {
		run.Source = p
		run.Ingest = find(&source).Ingest
		run.StreamBytes = source.Published(streamName)
		if run.Bounds, err = d.bounds(find(&source), viewers); err != nil {
			return nil, err
		}
	}
	for i := range viewers {
		p, _ := viewers[i].stats.Peer(streamName) // one without figures never played
		run.Viewers = append(run.Viewers, p)
	}
	return &Result{Report: report.Build(&run)}, nil
}
