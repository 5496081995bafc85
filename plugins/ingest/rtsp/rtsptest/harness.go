package rtsptest

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// Stage is a server that several suites read from, one for each way to reach an ingest.
type Stage struct{ Server *tool.Server }

// NewStage runs one until the test ends.
func NewStage(t *testing.T) Stage {
	s := Server(t, tool.Options{Auth: tool.ReadableOnly("~^open")})
	Publish(t, s, "open-live", "h264-opus")
	return Stage{s}
}

// Harness is for the suite of an ingest that is reached by r. source is how the ingest is told a path of the server.
func (g Stage) Harness(r *plugintest.Rig, source func(s *tool.Server, path string) ingest.Config) ingesttest.Harness {
	s, way := g.Server, fmt.Sprint(int(r.Way())) // its own paths are no other's
	return ingesttest.Harness{
		New:    r.Ingest,
		Live:   func(*testing.T) ingest.Config { return source(s, "open-live") },
		Absent: func(*testing.T) ingest.Config { return source(s, "open-nobody") },
		Ending: func(t *testing.T) (ingest.Config, func()) {
			return source(s, "open-ending"+way), Publish(t, s, "open-ending"+way, "h264-opus")
		},
		Denied: func(t *testing.T) ingest.Config {
			Publish(t, s, "closed"+way, "h264-opus")
			return source(s, "closed"+way)
		},
		Unsupported: func(t *testing.T) (ingest.Config, string) {
			PublishG711(t, s, "open-g711"+way)
			return source(s, "open-g711"+way), "G711"
		},
		Changing: func(t *testing.T) (ingest.Config, func()) {
			return source(s, "open-changing"+way), PublishChanging(t, s, "open-changing"+way)
		},
		Stamped: func(*testing.T) ingest.Config { return source(s, "open-live") },
		Bad: map[string]ingest.Config{
			"unknown parameter": {Source: "rtsp://h/p", Params: map[string]string{"colour": "red"}},
			"bad span":          {Source: "rtsp://h/p", Span: time.Hour},
			"bad timeout":       {Source: "rtsp://h/p", Params: map[string]string{"timeout": "soon"}},
			"bad choice":        {Source: "rtsp://h/p", Params: map[string]string{"unsupportedTracks": "maybe"}},
			"bad fingerprint":   {Source: "rtsp://h/p", Params: map[string]string{"fingerprint": "12"}},
			"pass without user": {Source: "rtsp://h/p", Params: map[string]string{"pass": "secret"}},
			"not rtsp":          {Source: "ftp://h/p"},
		},
	}
}
