package trial

import (
	"fmt"
	"io"
	"time"

	"github.com/shoal-live/shoal/core/report"
)

// Restarts is how a trial went on when its source had been killed and was started again. Times are milliseconds.
type Restarts struct {
	Killed int                `json:"killed"`  // times that the source was killed
	LiveMS report.Percentiles `json:"live_ms"` // from the start of its process until its stream was live again
	// ResumeMS is from then until a viewer, which had played before, was given the first group to play that can be decoded and was born
	// after the start, when it is to be played. Over viewers and restarts.
	ResumeMS     report.Percentiles `json:"resume_ms"`
	NeverResumed int                `json:"never_resumed"` // viewers that had played before, and did not until the next kill or the end
}

// restarts is how viewers went on; nil when the source was not killed. Left is when a viewer ended, zero when it did not.
func restarts(lives []life, viewers []Measured, left func(viewer int) time.Time) *Restarts {
	r := new(Restarts)
	var live, resume report.Histogram
	for i := range lives {
		if !lives[i].killed.IsZero() {
			r.Killed++
		}
		if i == 0 {
			continue
		}
		if !lives[i].live.IsZero() {
			live.Add(lives[i].live.Sub(lives[i].began).Microseconds())
		}
		for k := range viewers {
			v := &viewers[k]
			if !v.played(lives[i-1].killed) {
				continue
			}
			end := left(v.Viewer)
			switch at, ok := v.resumed(&lives[i]); {
			case ok:
				resume.Add(at.Sub(lives[i].live).Microseconds())
			case end.IsZero() || !lives[i].killed.IsZero() && end.After(lives[i].killed):
				r.NeverResumed++
			}
		}
	}
	if r.Killed == 0 {
		return nil
	}
	r.LiveMS, r.ResumeMS = live.Percentiles(), resume.Percentiles()
	return r
}

// played reports whether the viewer had played before a time.
func (v *Measured) played(before time.Time) bool {
	return len(v.Played) > 0 && v.Played[0].At < before.UnixMicro()
}

// resumed is when the viewer played what was born in a life; false when it never did.
func (v *Measured) resumed(l *life) (at time.Time, ok bool) {
	if l.live.IsZero() {
		return at, false
	}
	for _, p := range v.Played {
		if p.Born >= l.began.UnixMicro() && (l.killed.IsZero() || p.At < l.killed.UnixMicro()) {
			return time.UnixMicro(p.At), true
		}
	}
	return at, false
}

// printRestarts writes how viewers went on.
func printRestarts(w io.Writer, r *Restarts) error {
	if r == nil {
		return nil
	}
	_, err := fmt.Fprintf(w, "\nsource killed %d times, live %.0f ms after its start, at most; from then until viewers play again: "+
		"p50 %.0f ms, p95 %.0f ms, p99 %.0f ms, at most %.0f ms, %d times; %d never\n",
		r.Killed, r.LiveMS.Max, r.ResumeMS.P50, r.ResumeMS.P95, r.ResumeMS.P99, r.ResumeMS.Max, r.ResumeMS.Samples, r.NeverResumed)
	return err
}
