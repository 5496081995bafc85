package rtsp_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/plugins/egress/material"
)

// pulling is a MediaMTX that pulls clips on demand.
func pulling(t *testing.T, names []string, o tool.Options, extra string) *tool.Server {
	t.Helper()
	for _, name := range names {
		o.Paths += fmt.Sprintf("%s:\n  source: %s\n  sourceOnDemand: yes\n%s", name, serveFrom(t, name, nil, 1500*time.Millisecond), extra)
	}
	o.Dir, o.Progress = t.TempDir(), os.Stderr
	server, err := tool.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

func TestAMediaMTXPullsItOnDemand(t *testing.T) {
	t.Parallel()
	names := []string{"clock", "h264-bframes-aac", "av1-opus"}
	// By absolute timestamps MediaMTX passes our clock on instead of its own.
	server := pulling(t, names, tool.Options{}, "  useAbsoluteTimestamp: true\n")
	all := map[string]<-chan received{}
	for _, name := range names {
		all[name] = receive(t, server.RTSPURL(name))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) { check(t, name, <-all[name]) })
	}
}

func TestPlayersOfThatMediaMTXGetSoundAndPictureTogether(t *testing.T) {
	t.Parallel()
	material.FFmpeg(t)
	// MediaMTX puts a track in its place by the arrival of its first packet, and serves that as HLS.
	names := []string{"clock", "h264-bframes-aac", "vp9-opus"}
	server := pulling(t, names, tool.Options{HLS: tool.On}, "")
	type played struct {
		*material.Played
		err error
	}
	all := map[string]<-chan played{}
	for _, name := range names {
		out := make(chan played, 1)
		all[name] = out
		go func() {
			p, err := material.FFplay(t.Context(), t, []string{"-i", server.HLSURL(name)}, window, nil)
			out <- played{p, err}
		}()
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p := <-all[name]
			if p.err != nil {
				t.Fatal(p.err)
			}
			if err := p.Check(t, name, most, 150); err != nil {
				t.Error(err)
			}
		})
	}
}
