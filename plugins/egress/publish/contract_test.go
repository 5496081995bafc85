package publish_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/egress/egresstest"
	"github.com/shoal-live/shoal/plugins/egress/material"
	"github.com/shoal-live/shoal/plugins/egress/publish"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func mediaMTX(t *testing.T, o tool.Options) *tool.Server {
	t.Helper()
	o.Dir, o.Progress = t.TempDir(), os.Stderr
	s, err := tool.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// port is host:port of an RTSP URL.
func port(url string) string { return strings.Split(url, "/")[2] }

func plugin() sdk.Plugin { return sdk.Egress("publish", publish.New) }

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

func TestContract(t *testing.T) {
	server := mediaMTX(t, tool.Options{})
	var paths atomic.Int32
	path := func() string { return fmt.Sprintf("cam%d", paths.Add(1)) }
	h := egresstest.Harness{
		First:  material.Epoch(t, "h264-opus", 1, 5*time.Second),
		Second: material.Epoch(t, "h265-aac", 2, 5*time.Second),
		URLs:   "rtsp://127.0.0.1:",
		Target: func(t *testing.T) egresstest.Target {
			between := newProxy(t, "127.0.0.1:0", port(server.RTSPURL("")))
			name := path()
			return egresstest.Target{
				Config: egress.Config{Stream: "cam", Listen: "rtsp://" + between.address() + "/" + name},
				Plays: func(_ []string, d *chunk.Descriptor) error {
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					defer cancel()
					var err error
					for ctx.Err() == nil {
						if err = material.ReadRTSP(ctx, server.RTSPURL(name), d); err == nil {
							return nil
						}
					}
					return err
				},
				Stick: func([]string) error { between.freeze(); return nil },
			}
		},
		Wrong: []egresstest.Wrong{
			{Config: egress.Config{Listen: ""}, Parameter: "listen"},
			{Config: egress.Config{Listen: "http://127.0.0.1/cam1"}, Parameter: "listen"},
			{Config: egress.Config{Listen: "rtsp://127.0.0.1:8554"}, Parameter: "listen"},
			{Config: egress.Config{Listen: "rtsp://127.0.0.1/cam1", Params: map[string]string{"color": "blue"}}, Parameter: "color"},
		},
		Busy: func(t *testing.T) (egress.Config, string, func()) {
			away := material.FreeAddress(t)
			return egress.Config{Stream: "cam", Listen: "rtsp://" + away + "/cam"}, away, func() {
				newProxy(t, away, port(server.RTSPURL("")))
			}
		},
	}
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) {
		h := h
		h.New = r.Egress
		egresstest.Suite(t, h)
	})
}
