package mediamtx_test

import (
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpsimpleaudio"
	"github.com/pion/rtp"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/ingest/mediamtx"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp"
)

// harness reads from one server by what source makes of a path.
func harness(t *testing.T, factory ingest.Factory, source func(s *tool.Server, path string) ingest.Config) ingesttest.Harness {
	s := server(t, tool.Options{Auth: tool.ReadableOnly("~^open")})
	publish(t, s, "open-live", "h264-opus")
	return ingesttest.Harness{
		New:    factory,
		Live:   func(*testing.T) ingest.Config { return source(s, "open-live") },
		Absent: func(*testing.T) ingest.Config { return source(s, "open-nobody") },
		Ending: func(t *testing.T) (ingest.Config, func()) {
			return source(s, "open-ending"), publish(t, s, "open-ending", "h264-opus")
		},
		Denied: func(t *testing.T) ingest.Config {
			publish(t, s, "closed", "h264-opus")
			return source(s, "closed")
		},
		Unsupported: func(t *testing.T) (ingest.Config, string) {
			publishG711(t, s, "open-g711")
			return source(s, "open-g711"), "G711"
		},
		Changing: func(t *testing.T) (ingest.Config, func()) {
			return source(s, "open-changing"), publishChanging(t, s, "open-changing")
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

func TestMediaMTXKeepsTheContract(t *testing.T) {
	h := harness(t, mediamtx.New, func(s *tool.Server, path string) ingest.Config {
		return ingest.Config{Source: path, Params: map[string]string{"api": s.APIURL()}}
	})
	h.Bad["bad api"] = ingest.Config{Source: "p", Params: map[string]string{"api": "9997"}}
	h.Bad["credentials in api"] = ingest.Config{Source: "p", Params: map[string]string{"api": "http://a:b@h:1"}}
	h.Bad["bad poll"] = ingest.Config{Source: "p", Params: map[string]string{"poll": "1ms"}}
	h.Bad["bad rtsp"] = ingest.Config{Source: "p", Params: map[string]string{"rtsp": "http://h:1"}}
	ingesttest.Suite(t, h)
}

func TestRTSPKeepsTheContract(t *testing.T) {
	ingesttest.Suite(t, harness(t, rtsp.New, func(s *tool.Server, path string) ingest.Config {
		return ingest.Config{Source: s.RTSPURL(path)}
	}))
}

// publishG711 sends silence, as many cameras do.
func publishG711(t *testing.T, s *tool.Server, path string) {
	t.Helper()
	f := &format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}
	r := record(t, s.RTSPURL(path), f)
	e := &rtpsimpleaudio.Encoder{PayloadType: 8}
	if err := e.Init(); err != nil {
		t.Fatal(err)
	}
	feed(t, 20*time.Millisecond, func(n int) error {
		p, err := e.Encode(make([]byte, 160))
		if err != nil {
			return err
		}
		return r.write(0, []*rtp.Packet{p}, uint32(n)*160)
	})
	if _, err := s.WaitReady(t.Context(), path); err != nil {
		t.Fatal(err)
	}
}

// feed calls write every period until the test ends.
func feed(t *testing.T, period time.Duration, write func(n int) error) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(period)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				if write(n) != nil {
					return // the server has closed the session
				}
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
}
