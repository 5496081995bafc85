package mediamtx_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/ingest/mediamtx"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func plugin() sdk.Plugin {
	return sdk.DiscoveringIngest("mediamtx", mediamtx.New, mediamtx.NewDiscoverer)
}

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

func TestContract(t *testing.T) {
	stage := rtsptest.NewStage(t)
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) {
		h := stage.Harness(r, func(s *tool.Server, path string) ingest.Config {
			return ingest.Config{Source: path, Params: map[string]string{"api": s.APIURL()}}
		})
		h.Bad["bad api"] = ingest.Config{Source: "p", Params: map[string]string{"api": "9997"}}
		h.Bad["credentials in api"] = ingest.Config{Source: "p", Params: map[string]string{"api": "http://a:b@h:1"}}
		h.Bad["bad poll"] = ingest.Config{Source: "p", Params: map[string]string{"poll": "1ms"}}
		h.Bad["bad rtsp"] = ingest.Config{Source: "p", Params: map[string]string{"rtsp": "http://h:1"}}
		ingesttest.Suite(t, h)
	})
}

// TestDiscovery wants the paths of a server to be found.
func TestDiscovery(t *testing.T) {
	stage := rtsptest.NewStage(t)
	rtsptest.Publish(t, stage.Server, "closed", "h264-opus")
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) { discovers(t, r, stage.Server) })
}

func discovers(t *testing.T, rig *plugintest.Rig, s *tool.Server) {
	_, err := rig.Discoverer(ingest.Config{Params: map[string]string{"api": "9997"}})
	if !errors.Is(err, ingest.ErrConfig) {
		t.Errorf("Discoverer with a bad api: %v", err)
	}
	d, err := rig.Discoverer(ingest.Config{Params: map[string]string{"api": s.APIURL()}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	all := make(chan ingest.Found, 100)
	ended := make(chan error, 1)
	go func() { ended <- d.Discover(ctx, func(f ingest.Found) { all <- f }) }()
	deadline := time.After(15 * time.Second)
	for access := map[string]ingest.Access{}; access["open-live"] != ingest.Public || access["closed"] != ingest.Restricted; {
		select {
		case f := <-all:
			for _, x := range f.Sources {
				access[x.Name] = x.Access
			}
		case err := <-ended:
			t.Fatalf("Discover: %v", err)
		case <-deadline:
			t.Fatalf("found %v", access)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Discover after its context's end: %v", err)
	}
}
