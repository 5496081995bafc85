package mediamtx_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mediamtx"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
)

// watch is a discoverer at work.
type watch struct {
	t     *testing.T
	found chan ingest.Found
	last  ingest.Found
}

func discover(t *testing.T, params map[string]string) *watch {
	t.Helper()
	params["poll"] = "100ms"
	d, err := mediamtx.NewDiscoverer(ingest.Config{Params: params})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{t: t, found: make(chan ingest.Found, 100)}
	done := make(chan error, 1)
	go func() { done <- d.Discover(ctx, func(f ingest.Found) { w.found <- f }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Discover returned %v", err)
		}
	})
	return w
}

// until waits for what was found to be as wanted.
func (w *watch) until(what string, ok func(ingest.Found) bool) {
	w.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case w.last = <-w.found:
			if ok(w.last) {
				return
			}
		case <-deadline:
			w.t.Fatalf("%s was not found in %v; the last was %+v", what, patience, w.last)
		}
	}
}

func names(f ingest.Found) string {
	var s []string
	for _, x := range f.Sources {
		s = append(s, x.Name)
	}
	return strings.Join(s, " ")
}

func TestDiscoverFollowsPathsAndWhoMayReadThem(t *testing.T) {
	t.Parallel()
	s := rtsptest.Server(t, tool.Options{Auth: tool.ReadableOnly("open")})
	w := discover(t, map[string]string{"api": s.APIURL()})
	w.until("an empty server", func(f ingest.Found) bool { return f.Err == nil && len(f.Sources) == 0 })
	rtsptest.Publish(t, s, "open", "h264-opus")
	stop := rtsptest.Publish(t, s, "closed/one", "h264-opus")
	w.until("both paths", func(f ingest.Found) bool { return names(f) == "closed/one open" })
	want := []ingest.Source{
		{Name: "closed/one", URL: s.RTSPURL("closed/one"), Access: ingest.Restricted, Reason: "MediaMTX asks anonymous readers for credentials"},
		{Name: "open", URL: s.RTSPURL("open"), Access: ingest.Public},
	}
	if !slices.Equal(w.last.Sources, want) {
		t.Errorf("found %+v, want %+v", w.last.Sources, want)
	}
	stop()
	w.until("the path that is left", func(f ingest.Found) bool { return names(f) == "open" })
}

func TestDiscoverKeepsTheLastSetWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	s := rtsptest.Server(t, tool.Options{})
	rtsptest.Publish(t, s, "cam", "h264-opus")
	w := discover(t, map[string]string{"api": s.APIURL()})
	w.until("the path", func(f ingest.Found) bool { return names(f) == "cam" && f.Err == nil })
	s.Stop()
	w.until("the failure", func(f ingest.Found) bool { return f.Err != nil })
	if names(w.last) != "cam" || !errors.Is(w.last.Err, ingest.ErrSource) || !strings.Contains(w.last.Err.Error(), "api: yes") {
		t.Errorf("found %+v", w.last)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.until("the recovery", func(f ingest.Found) bool { return f.Err == nil && len(f.Sources) == 0 })
	rtsptest.Publish(t, s, "cam", "h264-opus")
	w.until("the path again", func(f ingest.Found) bool { return names(f) == "cam" && f.Err == nil })
}

func TestDiscoverReadsEveryPage(t *testing.T) {
	t.Parallel()
	var paths strings.Builder
	for n := range 450 { // paths with a name of their own are listed, ready or not
		fmt.Fprintf(&paths, "p%03d:\n", n)
	}
	s := rtsptest.Server(t, tool.Options{Paths: paths.String() + "zzz:\n"})
	rtsptest.Publish(t, s, "zzz", "h264-opus")
	rtsptest.Publish(t, s, "p250", "h264-opus")
	w := discover(t, map[string]string{"api": s.APIURL()})
	w.until("paths of the second and the third page", func(f ingest.Found) bool { return names(f) == "p250 zzz" })
}

func TestARightBoundToAnAddressIsNotPublic(t *testing.T) {
	t.Parallel()
	s := rtsptest.Server(t, tool.Options{Auth: `- user: any
  pass: ""
  ips: []
  permissions:
  - {action: publish, path: ""}
- user: any
  pass: ""
  ips: ['127.0.0.1']
  permissions:
  - {action: read, path: ""}
`})
	rtsptest.Publish(t, s, "cam", "h264-opus")
	w := discover(t, map[string]string{"api": s.APIURL()})
	w.until("the path", func(f ingest.Found) bool { return names(f) == "cam" })
	if got := w.last.Sources[0]; got.Access != ingest.Restricted || !strings.Contains(got.Reason, "some addresses only") {
		t.Errorf("found %+v", got)
	}
}

func TestDiscoverSaysWhenRTSPIsOff(t *testing.T) {
	t.Parallel()
	s := rtsptest.Server(t, tool.Options{})
	rtsptest.Publish(t, s, "cam", "h264-opus")
	w := discover(t, map[string]string{"api": s.APIURL(), "rtsp": "rtsp://127.0.0.1:1"})
	w.until("the failure", func(f ingest.Found) bool { return f.Err != nil })
	if !errors.Is(w.last.Err, ingest.ErrSource) || !strings.Contains(w.last.Err.Error(), "mediamtx.rtsp") {
		t.Errorf("found %+v", w.last)
	}
}

func TestNewDiscovererRefuses(t *testing.T) {
	t.Parallel()
	for name, params := range map[string]map[string]string{ // order-free: each is tried alone
		"unknown parameter": {"colour": "red"},
		"bad poll":          {"poll": "often"},
		"bad api":           {"api": "localhost"},
		"bad timeout":       {"timeout": "1h"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := mediamtx.NewDiscoverer(ingest.Config{Params: params}); !errors.Is(err, ingest.ErrConfig) {
				t.Errorf("got %v", err)
			}
		})
	}
}
