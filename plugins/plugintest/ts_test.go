package plugintest_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// TestMPEGTSKeepsTheIngestContractAsAProcess has cases of plugins/ingest/mpegts, which runs them linked in.
func TestMPEGTSKeepsTheIngestContractAsAProcess(t *testing.T) {
	whole(t)
	rig := plugintest.New(t, plugintest.Process, builtIn(t, bridge.KindIngest, "mpegts"))
	ingesttest.Suite(t, streamed(rig, func(at string) string { return "udp://" + at }, mpegtstest.SendUDP))
}

// TestSRTKeepsTheIngestContractAsAProcess has cases of plugins/ingest/srt, which runs them linked in.
func TestSRTKeepsTheIngestContractAsAProcess(t *testing.T) {
	whole(t)
	rig := plugintest.New(t, plugintest.Process, builtIn(t, bridge.KindIngest, "srt"))
	ingesttest.Suite(t, streamed(rig, func(at string) string { return "srt://" + at + "?mode=listener" }, mpegtstest.PublishSRT))
}

// streamed is the harness of an ingest that is sent to.
func streamed(rig *plugintest.Rig, source func(at string) string,
	send func(testing.TB, string, string, *mpegtstest.Broadcast) func()) ingesttest.Harness {
	impatient := map[string]string{"timeout": "1s"}
	return ingesttest.Harness{
		New: rig.Ingest,
		Live: func(t *testing.T) ingest.Config {
			at := mpegtstest.FreePort(t)
			send(t, at, "h264-opus", &mpegtstest.Broadcast{})
			return ingest.Config{Source: source(at)}
		},
		Absent: func(t *testing.T) ingest.Config {
			return ingest.Config{Source: source(mpegtstest.FreePort(t)), Params: impatient}
		},
		Ending: func(t *testing.T) (ingest.Config, func()) {
			at := mpegtstest.FreePort(t)
			return ingest.Config{Source: source(at), Params: map[string]string{"timeout": "3s"}}, send(t, at, "h264-opus", &mpegtstest.Broadcast{})
		},
		Changing: func(t *testing.T) (ingest.Config, func()) {
			at := mpegtstest.FreePort(t)
			b := &mpegtstest.Broadcast{}
			send(t, at, "h264-opus", b)
			return ingest.Config{Source: source(at)}, func() { b.Change("h264-480x270-aac") }
		},
		Bad: map[string]ingest.Config{
			"no port":           {Source: "udp://h"},
			"bad span":          {Source: source("127.0.0.1:5000"), Span: time.Hour},
			"unknown parameter": {Source: source("127.0.0.1:5000"), Params: map[string]string{"colour": "red"}},
		},
	}
}
