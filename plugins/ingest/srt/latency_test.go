package srt_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

func TestLatencyIsWhatTheProtocolAsksFor(t *testing.T) {
	t.Parallel()
	at := mpegtstest.FreePort(t)
	b := &mpegtstest.Broadcast{}
	r := mpegtstest.NewRecorder()
	end, _ := run(t, ingest.Config{Source: "srt://" + at + "?mode=listener&latency=300"}, r)
	mpegtstest.PublishSRT(t, at, "h264-opus", b)
	epochs := r.Wait(t, 1, time.Second)
	if err := end(); err != nil {
		t.Error(err)
	}
	delays := b.Delays(epochs[0])
	t.Logf("from sent to born, 300 ms of it SRT's: p50 %v, p95 %v of %d groups", delays[len(delays)/2], delays[len(delays)*95/100], len(delays))
	if p50 := delays[len(delays)/2]; p50 < 300*time.Millisecond || p50 > 600*time.Millisecond {
		t.Errorf("a group is born %v after its last picture was sent", p50)
	}
}
