package plugintest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/egress/egresstest"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/egress/material"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// TestRTSPKeepsTheEgressContractBehindEveryBoundary has the cases of plugins/egress/rtsp, which runs them linked in.
func TestRTSPKeepsTheEgressContractBehindEveryBoundary(t *testing.T) {
	config := func(listen string, params map[string]string) egress.Config {
		return egress.Config{Stream: "live/cam1", Listen: listen, Params: params}
	}
	first, second := material.Epoch(t, "h264-opus", 1, 5*time.Second), material.Epoch(t, "h265-aac", 2, 5*time.Second)
	ways := []plugintest.Way{plugintest.GRPC, plugintest.Process}
	if testing.Short() {
		ways = boundaries(t)
	}
	for _, way := range ways {
		t.Run(way.String(), func(t *testing.T) {
			rig := plugintest.New(t, way, builtIn(t, bridge.KindEgress, "rtsp"))
			egresstest.Suite(t, egresstest.Harness{
				New: rig.Egress, First: first, Second: second, URLs: "rtsp://127.0.0.1:",
				Target: func(t *testing.T) egresstest.Target {
					return egresstest.Target{
						Config: config(material.FreeAddress(t), nil),
						Plays: func(urls []string, d *chunk.Descriptor) error {
							ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
							defer cancel()
							var err error
							for ctx.Err() == nil {
								if err = material.ReadRTSP(ctx, urls[0], d); err == nil {
									return nil
								}
							}
							return err
						},
					}
				},
				Wrong: []egresstest.Wrong{
					{Config: config("nonsense", nil), Parameter: "listen"},
					{Config: config("", map[string]string{"color": "blue"}), Parameter: "color"},
					{Config: egress.Config{}, Parameter: "stream"},
				},
				Busy: func(t *testing.T) (egress.Config, string, func()) {
					l, err := net.Listen("tcp", "127.0.0.1:0")
					if err != nil {
						t.Fatal(err)
					}
					return config(l.Addr().String(), nil), l.Addr().String(), func() { _ = l.Close() }
				},
			})
		})
	}
}

// TestMediaMTXKeepsTheIngestContractBehindEveryBoundary has cases of plugins/ingest/mediamtx, which runs them linked in.
func TestMediaMTXKeepsTheIngestContractBehindEveryBoundary(t *testing.T) {
	s, err := tool.Start(t.Context(), tool.Options{Dir: t.TempDir(), Progress: os.Stderr, Auth: tool.ReadableOnly("~^open")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	source := func(path string) ingest.Config {
		return ingest.Config{Source: path, Params: map[string]string{"api": s.APIURL()}}
	}
	publish(t, s, "open-live")
	publish(t, s, "closed")
	ways := []plugintest.Way{plugintest.GRPC, plugintest.Process}
	if testing.Short() {
		ways = boundaries(t)
	}
	for _, way := range ways {
		t.Run(way.String(), func(t *testing.T) {
			rig := plugintest.New(t, way, builtIn(t, bridge.KindIngest, "mediamtx"))
			ingesttest.Suite(t, ingesttest.Harness{
				New:    rig.Ingest,
				Live:   func(*testing.T) ingest.Config { return source("open-live") },
				Absent: func(*testing.T) ingest.Config { return source("open-nobody") },
				Ending: func(t *testing.T) (ingest.Config, func()) {
					path := fmt.Sprintf("open-ending-%d", way)
					return source(path), publish(t, s, path)
				},
				Denied:  func(*testing.T) ingest.Config { return source("closed") },
				Stamped: func(*testing.T) ingest.Config { return source("open-live") },
				Bad: map[string]ingest.Config{
					"unknown parameter": {Source: "p", Params: map[string]string{"colour": "red"}},
					"bad span":          {Source: "p", Span: time.Hour},
					"bad api":           {Source: "p", Params: map[string]string{"api": "9997"}},
				},
			})
			discovers(t, rig, s)
		})
	}
}

// discovers wants the paths of a server to be found, and lost ones to be told.
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

// publish plays a bundled clip into path until stop is called or the test ends, and returns once it is ready.
func publish(t *testing.T, s *tool.Server, path string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- clip.Publish(ctx, s.RTSPURL(path), clip.Options{Name: "h264-opus"}) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, clip.ErrDisconnected) && !errors.Is(err, context.Canceled) {
			t.Errorf("publish: %v", err)
		}
	})
	t.Cleanup(stop)
	ready, cancelReady := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancelReady()
	if _, err := s.WaitReady(ready, path); err != nil {
		t.Fatal(err)
	}
	return stop
}
