package mpegts_test

import (
	"net"
	"sync"
	"testing"
	"time"

	tscodecs "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

// impatient are parameters of a test that waits for a source to be given up.
var impatient = map[string]string{"timeout": "1s"}

func TestMPEGTSKeepsTheContract(t *testing.T) {
	ingesttest.Suite(t, ingesttest.Harness{
		New: mpegts.New,
		Live: func(t *testing.T) ingest.Config {
			at := mpegtstest.FreePort(t)
			mpegtstest.SendUDP(t, at, "h264-opus", &mpegtstest.Broadcast{})
			return ingest.Config{Source: "udp://" + at}
		},
		Absent: func(t *testing.T) ingest.Config {
			return ingest.Config{Source: "udp://" + mpegtstest.FreePort(t), Params: impatient}
		},
		Ending: func(t *testing.T) (ingest.Config, func()) {
			at := socket(t)
			return ingest.Config{Source: "unix://" + at}, connect(t, at, "h264-opus", &mpegtstest.Broadcast{})
		},
		Unsupported: func(t *testing.T) (ingest.Config, string) {
			at := mpegtstest.FreePort(t)
			mpegtstest.SendUDP(t, at, "h264-opus", &mpegtstest.Broadcast{Silent: []mpegtstest.Track{{Codec: &tscodecs.MPEG1Audio{}}}})
			return ingest.Config{Source: "udp://" + at}, "MPEG-1/2 audio"
		},
		Changing: func(t *testing.T) (ingest.Config, func()) {
			at := mpegtstest.FreePort(t)
			b := &mpegtstest.Broadcast{}
			mpegtstest.SendUDP(t, at, "h264-opus", b)
			return ingest.Config{Source: "udp://" + at}, func() { b.Change("h264-480x270-aac") }
		},
		Bad: map[string]ingest.Config{
			"unknown parameter":       {Source: "udp://:5000", Params: map[string]string{"colour": "red"}},
			"bad span":                {Source: "udp://:5000", Span: time.Hour},
			"bad timeout":             {Source: "udp://:5000", Params: map[string]string{"timeout": "soon"}},
			"bad choice":              {Source: "udp://:5000", Params: map[string]string{"unsupportedTracks": "maybe"}},
			"nothing":                 {},
			"another scheme":          {Source: "rtsp://h/p"},
			"no port":                 {Source: "udp://127.0.0.1"},
			"interface of one host":   {Source: "udp://127.0.0.1:5000?interface=lo"},
			"source is no address":    {Source: "udp://127.0.0.1:5000?source=camera"},
			"unknown key of the URL":  {Source: "udp://127.0.0.1:5000?pkt_size=1316"},
			"a socket without a path": {Source: "unix://feed.sock"},
			"a pipe without a path":   {Source: "pipe://feed.pipe"},
		},
	})
}

// connect plays a clip live into a socket, once somebody listens there, until stop or the test ends.
func connect(t *testing.T, path, name string, b *mpegtstest.Broadcast) (stop func()) {
	t.Helper()
	return mpegtstest.Send(t, &patient{path: path}, name, b)
}

// patient is a writer that connects to a socket once somebody listens, and again when it was refused.
type patient struct {
	path string
	mu   sync.Mutex
	conn net.Conn // nil for none
	over bool
}

func (p *patient) Write(b []byte) (int, error) {
	c := p.dial()
	if c == nil {
		return len(b), nil
	}
	if _, err := c.Write(b); err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		_ = c.Close() // the error has said it
		p.conn = nil
	}
	return len(b), nil
}

// dial answers nil while nobody is there.
func (p *patient) dial() net.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil && !p.over {
		p.conn, _ = net.Dial("unix", p.path) // asked again at the next unit
	}
	return p.conn
}

func (p *patient) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	if p.conn == nil {
		return nil
	}
	return p.conn.Close()
}
