package mpegts_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

func TestWhatFFmpegSendsComesThroughAsItWentIn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"h264-bframes-aac", "h265-aac", "h264-opus"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := mpegtstest.FreePort(t)
			r := mpegtstest.NewRecorder()
			end, _ := run(t, ingest.Config{Source: "udp://" + at}, r)
			mpegtstest.FFmpeg(t, name, "udp://"+at+"?pkt_size=1316")
			epochs := r.Wait(t, 1, 500*time.Millisecond)
			if err := end(); err != nil {
				t.Error(err)
			}
			epochs[0].Same(t, name)
		})
	}
}
