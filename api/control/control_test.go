package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// desk is a state whose values a test sets.
type desk struct {
	stats   node.Stats
	err     error
	streams []control.Stream
	plugins []control.Plugin
	info    control.Info
	ready   bool
}

func (d *desk) Stats() (node.Stats, error) { return d.stats, d.err }
func (d *desk) Streams() []control.Stream  { return slices.Clone(d.streams) }
func (d *desk) Plugins() []control.Plugin  { return d.plugins }
func (d *desk) Info() control.Info         { return d.info }
func (d *desk) Ready() bool                { return d.ready }

// example is an origin with one stream live, one not shared, and an edge's share in a third.
func example() *desk {
	since := time.Date(2026, 11, 23, 20, 15, 0, 0, time.UTC)
	d := &desk{ready: true}
	d.info = control.Info{
		Version: "v0.1.0", Started: since, Node: strings.Repeat("0a", 32), Publisher: strings.Repeat("0b", 32),
		Addresses: []string{"quic:192.0.2.7:8890"}, UplinkBps: 5_000_000, BusURL: "nats://127.0.0.1:4222", BusUp: true,
		Rendezvous: "http://192.0.2.7:9870", MediaServer: "http://127.0.0.1:9997",
	}
	d.streams = []control.Stream{
		{Name: "cam1", URL: "http://192.0.2.7:9870/cam1", State: "live", Since: since, Viewers: 12, Codecs: []string{"avc1.64001f", "mp4a.40.2"},
			Audience: &control.Audience{Playing: 11, DelayP50MS: 48, DelayP95MS: 91, FromPeers: 0.83, Continuity: 0.9999, Policies: []control.Arm{
				{Policy: "substream", Playing: 10, DelayP50MS: 47, DelayP95MS: 90, FromPeers: 0.84, Continuity: 1},
				{Policy: "rarest{fanout=3}", Playing: 1, DelayP50MS: 80, DelayP95MS: 80, FromPeers: 0.7, Continuity: 0.9989},
			}}},
		{Name: "studio/übung", URL: "", State: "not shared", Reason: "anonymous readers may not read it", Since: since},
	}
	d.plugins = []control.Plugin{
		{Name: "quic", Kind: "transport", Isolation: "process", State: "running", PID: 4242, Restarts: 1, Error: "signal: killed"},
		{Name: "substream", Kind: "policy", Isolation: "inline", State: "inline"},
	}
	quic := &d.plugins[0]
	quic.Calls, quic.CallP50MS, quic.CallP99MS, quic.HealthMisses = 3, 0.4, 60, 1
	for _, us := range []int64{90, 400, 60_000} {
		quic.Latency.Add(us)
	}
	s := node.StreamStats{Name: "cam1", Role: swarm.Source, Policy: "substream", Engine: engine.Stats{
		Epoch: 3, Sent: engine.SentStats{Chunks: 9000, ChunkBytes: 9_900_000, ControlBytes: 100_000, Expired: 3},
		Links: []engine.LinkStats{{Link: 1, Peer: swarm.PeerID{1}, Role: swarm.Viewer, RTT: 1500 * time.Microsecond, Out: 0b1011, Sent: 4000}},
	}}
	v := node.StreamStats{Name: "cam2", Role: swarm.Viewer, Policy: "rarest", Fallback: true, Latest: node.Statistics{DelayMS: 47.5, DelayP99MS: 120, Continuity: 0.999},
		Rendezvous: errors.New("away"), Engine: engine.Stats{
			Epoch: 1, Groups: engine.GroupStats{Due: 100, Complete: 99, Missed: 1, Stalls: 1},
			Chunks: engine.ChunkStats{Useful: 2600, UsefulBytes: 2_340_000, Duplicate: 100, Repair: 20, Parity: 40, FromSource: 585_000, Forged: 1},
			Links:  []engine.LinkStats{{Link: 2, Peer: swarm.PeerID{2}, Role: swarm.Source, RTT: 2 * time.Millisecond, In: 0b1, Received: 585_000}},
		}}
	for _, ms := range []int64{20, 40, 60, 80, 1200} {
		v.Engine.Delay.Add(ms * 1000)
		v.Engine.Playout.Add(400_000 + ms*1000)
	}
	d.stats = node.Stats{Sent: 10_000_000, Received: 2_500_000, Most1s: 600_000, Cap: 625_000, Links: 2, Streams: []node.StreamStats{s, v}}
	return d
}

func get(t *testing.T, s control.State, path string) (int, []byte) {
	t.Helper()
	return ask(t, s, http.MethodGet, path)
}

func ask(t *testing.T, s control.State, method, path string) (int, []byte) {
	t.Helper()
	w := httptest.NewRecorder()
	control.New(s).ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), method, path, nil))
	return w.Code, w.Body.Bytes()
}

func TestEveryEndpointAnswersWhatItAlwaysDid(t *testing.T) {
	d := example()
	for file, path := range map[string]string{
		"info":             "/v3/info",
		"streams.list":     "/v3/streams/list",
		"streams.get":      "/v3/streams/get/cam1",
		"streams.unshared": "/v3/streams/get/studio/%C3%BCbung",
		"peers.list":       "/v3/peers/list",
		"plugins.list":     "/v3/plugins/list",
		"healthz":          "/healthz",
		"readyz":           "/readyz",
		"error":            "/v3/streams/get/cam9",
	} {
		t.Run(file, func(t *testing.T) {
			code, body := get(t, d, path)
			if want := map[bool]int{true: 404, false: 200}[file == "error"]; code != want {
				t.Fatalf("%s answers %d: %s", path, code, body)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, bytes.TrimSpace(body), "", "  "); err != nil {
				t.Fatal(err)
			}
			golden(t, file+".json", append(got.Bytes(), '\n'))
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *rewrite {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./api/control -rewrite writes it)", err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s is now\n%s\nand was\n%s", path, got, want)
	}
}

func TestMetricsKeepTheirNamesAndPleaseTheLinter(t *testing.T) {
	code, body := get(t, example(), "/metrics")
	if code != http.StatusOK {
		t.Fatalf("answers %d: %s", code, body)
	}
	problems, err := promlint.New(bytes.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	var ours []string
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "), "shoal_") {
			ours = append(ours, line)
		}
	}
	golden(t, "metrics.txt", []byte(strings.Join(ours, "")))
}

func TestPagesHoldWhatTheyShould(t *testing.T) {
	d := &desk{}
	for i := range 250 {
		d.plugins = append(d.plugins, control.Plugin{Name: fmt.Sprint(i)})
	}
	type answer struct {
		ItemCount, PageCount int
		Items                []struct{ Name string }
	}
	for query, want := range map[string]struct {
		pages, items int
		first        string
	}{
		"":                             {3, 100, "0"},
		"?page=2":                      {3, 50, "200"},
		"?page=3":                      {3, 0, ""},
		"?page=999999999":              {3, 0, ""},
		"?itemsPerPage=7&page=35":      {36, 5, "245"},
		"?itemsPerPage=1000":           {1, 250, "0"},
		"?itemsPerPage=1&page=249":     {250, 1, "249"},
		"?itemsPerPage=&page=":         {3, 100, "0"},
		"?itemsPerPage=100&page=00001": {3, 100, "100"},
	} {
		code, body := get(t, d, "/v3/plugins/list"+query)
		var a answer
		if err := json.Unmarshal(body, &a); err != nil || code != http.StatusOK {
			t.Fatalf("%s answers %d: %s", query, code, body)
		}
		if a.ItemCount != 250 || a.PageCount != want.pages || len(a.Items) != want.items || want.items > 0 && a.Items[0].Name != want.first {
			t.Errorf("%s answers %d items of %d in %d pages", query, len(a.Items), a.ItemCount, a.PageCount)
		}
	}
}

func TestErrorsNameTheThing(t *testing.T) {
	for _, c := range []struct {
		method, path string
		code         int
		want         string
	}{
		{"GET", "/v3/plugins/list?page=-1", 400, `page "-1"`},
		{"GET", "/v3/plugins/list?page=x", 400, `page "x"`},
		{"GET", "/v3/plugins/list?page=99999999999999999999", 400, "page"},
		{"GET", "/v3/plugins/list?itemsPerPage=0", 400, "itemsPerPage is not in 1..1000"},
		{"GET", "/v3/plugins/list?itemsPerPage=1001", 400, "itemsPerPage is not in 1..1000"},
		{"GET", "/v3/streams/get/", 404, "/v3/streams/list"},
		{"GET", "/v3/streams/get/nothing", 404, `"nothing"`},
		{"GET", "/v3/nothing", 404, "/v3/info"},
		{"GET", "/", 404, "/v3/info"},
		{"POST", "/v3/info", 405, "GET"},
		{"DELETE", "/v3/streams/get/cam1", 405, "GET"},
	} {
		code, body := ask(t, &desk{}, c.method, c.path)
		var e struct{ Status, Error string }
		if err := json.Unmarshal(body, &e); err != nil || code != c.code || e.Status != "error" || !strings.Contains(e.Error, c.want) {
			t.Errorf("%s %s answers %d: %s", c.method, c.path, code, body)
		}
	}
}

func TestNodeThatHasEndedLeavesWhatIsKnownOtherwise(t *testing.T) {
	d := example()
	d.err, d.ready = node.ErrClosed, false
	for path, want := range map[string]string{
		"/v3/info": `"version":"v0.1.0"`, "/v3/streams/list": `"itemCount":2`, "/v3/peers/list": `"items":[]`, "/v3/plugins/list": `"itemCount":2`,
		"/metrics": `shoal_viewers{stream="cam1"} 12`,
	} {
		if code, body := get(t, d, path); code != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s answers %d: %s", path, code, body)
		}
	}
	if code, body := get(t, d, "/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d: %s", code, body)
	}
	if code, _ := get(t, d, "/healthz"); code != http.StatusOK {
		t.Errorf("/healthz answers %d", code)
	}
}

func TestMetricsTakeOddNamesAndPluginsOfOneName(t *testing.T) {
	d := &desk{streams: []control.Stream{{Name: "a\xffb"}, {Name: `quo"te\` + "\n"}}}
	d.plugins = []control.Plugin{{Kind: "ingest", Name: "rtsp", State: "running", Restarts: 2}, {Kind: "ingest", Name: "rtsp", State: "restarting", Restarts: 3}}
	code, body := get(t, d, "/metrics")
	if code != http.StatusOK {
		t.Fatalf("answers %d: %s", code, body)
	}
	for _, want := range []string{"a\uFFFDb", `quo\"te\\\n`, `shoal_plugin_restarts_total{kind="ingest",name="rtsp"} 5`, `shoal_plugins_running{kind="ingest",name="rtsp"} 1`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("%s is missing", want)
		}
	}
	if _, err := promlint.New(bytes.NewReader(body)).Lint(); err != nil {
		t.Error(err)
	}
}

func TestTenScrapesAtOnceAllAnswer(t *testing.T) {
	h := control.New(example())
	codes := make(chan int)
	for range 10 {
		go func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/metrics", nil))
			codes <- w.Code
		}()
	}
	for range 10 {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("a scrape answers %d", code)
		}
	}
}
