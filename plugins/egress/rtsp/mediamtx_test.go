package rtsp_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/plugins/egress/material"
)

// TestAMediaMTXPullsItOnDemand reads back what MediaMTX makes of it: by RTSP, with our clock, which absolute timestamps
// pass on; and by HLS, for which MediaMTX puts a track in its place by the arrival of its first packet.
func TestAMediaMTXPullsItOnDemand(t *testing.T) {
	t.Parallel()
	material.FFmpeg(t)
	names := []string{"clock", "h264-bframes-aac", "av1-opus", "vp9-opus"}
	o := tool.Options{Dir: t.TempDir(), Progress: os.Stderr, HLS: tool.On}
	for _, name := range names {
		o.Paths += fmt.Sprintf("%s:\n  source: %s\n  sourceOnDemand: yes\n  useAbsoluteTimestamp: true\n",
			name, serveFrom(t, name, nil, 1500*time.Millisecond))
	}
	server, err := tool.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	type played struct {
		*material.Played
		err error
	}
	overRTSP, overHLS := map[string]<-chan received{}, map[string]<-chan played{}
	for _, name := range names {
		overRTSP[name] = receive(t, server.RTSPURL(name))
		if name == "av1-opus" {
			continue
		}
		out := make(chan played, 1)
		overHLS[name] = out
		go func() {
			p, err := material.FFplay(t.Context(), t, []string{"-i", server.HLSURL(name)}, window, nil)
			out <- played{p, err}
		}()
	}
	for _, name := range names {
		t.Run(name+" over RTSP", func(t *testing.T) { check(t, name, <-overRTSP[name]) })
		if name == "av1-opus" {
			continue // MediaMTX's own HLS of AV1 does not decode in ffmpeg, whoever publishes it
		}
		t.Run(name+" over HLS", func(t *testing.T) {
			p := <-overHLS[name]
			if p.err != nil {
				t.Fatal(p.err)
			}
			if err := p.Check(t, name, most, 150); err != nil {
				t.Error(err)
			}
		})
	}
}
