package mediamtx_test

import (
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
)

// TestThePublishersOwnClockCounts: with useAbsoluteTimestamp MediaMTX passes the publisher's reports on. They align the
// tracks, and show the whole way: from the moment of capture through MediaMTX to a finished group.
func TestThePublishersOwnClockCounts(t *testing.T) {
	t.Parallel()
	s := rtsptest.Server(t, tool.Options{Paths: "all_others:\n  useAbsoluteTimestamp: yes\n"})
	for _, name := range []string{"clock", "h264-bframes-aac"} {
		rtsptest.Publish(t, s, name, name)
	}
	clock, reordered := read(t, s, "clock"), read(t, s, "h264-bframes-aac")
	clock.recorder.wait(t, "the media", lasts(1, watched))
	delays := clock.ingest.(ingest.Measurer).Measured()
	slices.Sort(delays)
	p50, p95 := delays[len(delays)/2], delays[len(delays)*95/100]
	t.Logf("capture to group through MediaMTX, %d groups: p50 %v, p95 %v", len(delays), p50, p95)
	if p50 < 0 || p50 > 50*time.Millisecond {
		t.Errorf("capture to group took p50 %v", p50)
	}
	if len(clock.ingest.(ingest.Measurer).Measured()) > 20 {
		t.Error("measures are given twice")
	}
	compare(t, clock)
	compare(t, reordered)
}

// compare ends a reading and compares it with its clip.
func compare(t *testing.T, r *reading) {
	t.Helper()
	r.recorder.wait(t, "the media", lasts(1, watched))
	r.recorder.wait(t, "the sound", heard) // not before the publisher's report on it, which comes every few seconds
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	same(t, r.clip, r.recorder.epochs[0])
}

// heard reports whether an epoch has as much sound as is compared.
func heard(epochs []epoch) bool {
	if len(epochs) == 0 {
		return false
	}
	in, err := cmaf.ParseInit(epochs[0].media.Init)
	if err != nil {
		return false
	}
	u, n := cmaf.NewUnpackager(in), 0
	for _, g := range epochs[0].groups {
		samples, err := u.Parse(nil, g.Payload)
		if err != nil {
			return false
		}
		for _, s := range samples {
			if s.Track == 1 {
				n++
			}
		}
	}
	return n >= 60
}
