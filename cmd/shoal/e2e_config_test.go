//go:build unix

package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/serve"
	"github.com/shoal-live/shoal/core/event"
)

// living is a source whose config changes while it plays.
type living struct {
	*source
	file string
}

// startLiving runs a server whose config is what above says below the file.
func startLiving(t *testing.T, c config.Config) *living {
	t.Helper()
	l := &living{file: filepath.Join(t.TempDir(), "shoal.yml")}
	l.write(t, "")
	l.source = startSourceWith(t, serve.Options{Config: c, Live: serve.Live{File: l.file, Read: func() (config.Config, error) {
		b, err := os.ReadFile(l.file)
		if err != nil {
			return c, err
		}
		base := c
		return base, config.Parse("shoal.yml", b, &base)
	}}})
	return l
}

// write changes the file.
func (l *living) write(t *testing.T, text string) {
	t.Helper()
	replace(t, l.file, text)
}

// replace puts another file in the place of one, as editors do.
func replace(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+"~", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+"~", file); err != nil {
		t.Fatal(err)
	}
}

// patch sends a patch to the control API, and answers what that says.
func (l *living) patch(t *testing.T, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, l.ControlURL()+"/v3/config/patch", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// put writes to the bus.
func (l *living) put(t *testing.T, value string) {
	t.Helper()
	if err := l.Bus().PutSettings(t.Context(), l.Info().Node, []byte(value)); err != nil {
		t.Fatal(err)
	}
}

// effective is a key of the config in effect.
func (l *living) effective(t *testing.T, path ...string) any {
	t.Helper()
	b, err := json.Marshal(l.Config())
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	for _, p := range path {
		v = v.(map[string]any)[p]
	}
	return v
}

// becomes waits until a key of the config in effect has a value.
func (l *living) becomes(t *testing.T, want string, path ...string) {
	t.Helper()
	eventually(t, 10*time.Second, strings.Join(path, ".")+" is "+want, func() bool { return fmt.Sprint(l.effective(t, path...)) == want })
}

// undisturbed checks that f costs no viewer a group or a link.
func undisturbed(t *testing.T, viewers []*viewer, what string, f func()) {
	t.Helper()
	missed, left := make(map[*viewer]uint64), make(map[*viewer]int)
	for _, v := range viewers {
		s, _ := v.stats()
		missed[v], left[v] = s.Groups.Missed, len(happened[event.PeerLeft](v.history))
	}
	f()
	play(t, viewers, 40)
	for i, v := range viewers {
		s, _ := v.stats()
		if n := s.Groups.Missed - missed[v]; n > 0 {
			t.Errorf("%s: viewer %d missed %d groups", what, i, n)
		}
		if n := len(happened[event.PeerLeft](v.history)) - left[v]; n > 0 {
			t.Errorf("%s: %d links of viewer %d went down", what, n, i)
		}
	}
}

func freeUDP(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.LocalAddr().String()
}

func TestEverythingIsSwappedThroughConfigWhileViewersPlay(t *testing.T) {
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	c := loopback(t, media.APIURL())
	isolate(&c, config.Process)
	l := startLiving(t, c)
	viewers := audience(t, l.live(t, "cam1"), 4)
	play(t, viewers, 60) // the swarm has settled

	undisturbed(t, viewers, "another policy, by the file", func() {
		l.write(t, "policy: {name: substream, params: {feeders: 3}}\n")
		l.becomes(t, "map[feeders:3]", "policy", "params")
	})
	undisturbed(t, viewers, "another policy, by the control API", func() {
		if code, text := l.patch(t, `{"policy": {"params": {"feeders": "1"}}}`); code != 200 || !strings.Contains(text, "policy.params.feeders: 3 -") {
			t.Errorf("it answers %d %s", code, text)
		}
		l.becomes(t, "map[feeders:1]", "policy", "params")
	})
	undisturbed(t, viewers, "an inline policy, by the bus", func() {
		l.put(t, `{"policy": {"isolation": "inline", "params": {"feeders": "2"}}}`)
		l.becomes(t, "inline", "policy", "isolation")
	})
	at := freeUDP(t)
	undisturbed(t, viewers, "another transport", func() {
		l.write(t, "policy: {name: substream, params: {feeders: 3}}\ntransport: {listen: '"+at+"', params: {chunks: datagram}}\n")
		eventually(t, 20*time.Second, "the transport listens at "+at, func() bool { return slices.Equal(l.Info().Addresses, []string{"quic:" + at}) })
	})
	l.becomes(t, "map[feeders:2]", "policy", "params") // for the file has not changed there
	undisturbed(t, viewers, "an uplink", func() {
		if code, text := l.patch(t, `{"uplink": "20M"}`); code != 200 {
			t.Errorf("it answers %d %s", code, text)
		}
	})
	epochs := len(happened[event.StreamAvailable](l.history))
	for i, patch := range []string{`{"stream": {"group": "100ms"}}`, `{"stream": {"parity": "20%"}}`} {
		if code, text := l.patch(t, patch); code != 200 {
			t.Errorf("it answers %d %s", code, text)
		}
		eventually(t, 20*time.Second, "another ingest has begun another epoch", func() bool {
			return len(happened[event.StreamAvailable](l.history)) == epochs+i+1
		})
		play(t, viewers, 20)
	}
	for i, v := range viewers {
		if n := len(happened[event.EpochChanged](v.history)); n != 2 {
			t.Errorf("viewer %d has followed into %d epochs, want 2", i, n)
		}
		if s, _ := v.stats(); s.Chunks.Parity == 0 {
			t.Errorf("viewer %d has got no parity", i)
		}
	}
	if n := len(happened[event.ConfigChanged](l.history)); n != 7 {
		t.Errorf("%d events about changes, want 7: %+v", n, happened[event.ConfigChanged](l.history))
	}
}

func TestAConfigThatIsWrongIsRefusedWholeWhicheverWayItComes(t *testing.T) {
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	l := startLiving(t, loopback(t, media.APIURL()))
	viewers := audience(t, l.live(t, "cam1"), 1)
	rejected := 0
	refused := func(way string, says ...string) {
		t.Helper()
		rejected++
		eventually(t, 10*time.Second, "an event says that it was refused", func() bool { return len(happened[event.ConfigRejected](l.history)) == rejected })
		e := happened[event.ConfigRejected](l.history)[rejected-1]
		for _, s := range append(says, "config") {
			if e.Way != way || !strings.Contains(e.Cause, s) {
				t.Errorf("by the %s: %q does not say %q", e.Way, e.Cause, s)
			}
		}
	}
	undisturbed(t, viewers, "what is refused", func() {
		l.write(t, "uplink: 5M\npolcy: x\n")
		refused("file", "shoal.yml:2", `unknown key "polcy"`)
		l.write(t, "uplink: 5M\npolicy: {params: {feeders: many}}\n")
		rejected++
		eventually(t, 10*time.Second, "the policy was tried", func() bool { return len(happened[event.ConfigRejected](l.history)) == rejected })
		l.write(t, "uplink: 5M\nplugins: {spare: {kind: egress, path: /nowhere/spare}}\n")
		refused("file", "plugins.spare", "check the path")
		for body, says := range map[string]string{
			`{"uplink": "5M", "policy": "clubz"}`:                             "clubz",
			`{"uplink": "5M", "policy": {"path": "/"}}`:                       "policy.path",
			`{"uplink": 5M}`:                                                  "no JSON object",
			`{"uplink": "5M", "transport": {"params": {"chunks": "pigeon"}}}`: "pigeon",
		} {
			rejected++
			if code, text := l.patch(t, body); code != 400 || !strings.Contains(text, says) {
				t.Errorf("%s: it answers %d %s", body, code, text)
			}
		}
		l.put(t, `{"uplink": "5M", "stream": {"weight": 0}}`)
		refused("bus", "stream.weight")
		l.put(t, `garbage`)
		refused("bus", "no JSON object")
	})
	l.becomes(t, "0", "uplink")
	if n := len(happened[event.ConfigChanged](l.history)); n != 0 {
		t.Errorf("%d changes took effect", n)
	}
}

func TestTheLastChangeCountsAndOutlivesARestart(t *testing.T) {
	media := mediaServer(t, tool.Options{})
	c := loopback(t, media.APIURL())
	l := startLiving(t, c)
	l.write(t, "uplink: 5M\nlogLevel: debug\n")
	l.becomes(t, "5M", "uplink")
	if code, text := l.patch(t, `{"uplink": "6M", "bus": {"listen": "127.0.0.1:1"}}`); code != 200 || !strings.Contains(text, "from the next start on") {
		t.Errorf("it answers %d %s", code, text)
	}
	l.becomes(t, "6M", "uplink")
	if got := l.effective(t, "bus", "listen"); got != "127.0.0.1:0" {
		t.Errorf("the bus' address took effect: %v", got)
	}
	l.write(t, "uplink: 7M\nlogLevel: debug\n")
	l.becomes(t, "7M", "uplink")
	if got := string(l.Overlay()); got != `{"bus":{"listen":"127.0.0.1:1"}}` {
		t.Errorf("over the file counts %s", got)
	}
	if code, _ := l.patch(t, `{"uplink": "8M", "bus": null}`); code != 200 {
		t.Errorf("it answers %d", code)
	}
	l.stop()
	again := startSourceWith(t, serve.Options{Config: c})
	if got := fmt.Sprint(again.Config()["uplink"]); got != "8M" {
		t.Errorf("after a restart the uplink is %s", got)
	}
}

func TestStreamsOfTheConfigAreReadFromTheirOwnSources(t *testing.T) {
	media := mediaServer(t, tool.Options{})
	publish(t, media, "studio", "h264-opus")
	c := loopback(t, "http://127.0.0.1:1") // where nobody answers
	l := startLiving(t, c)
	if code, text := l.patch(t, `{"streams": {"hall": {"source": "`+media.RTSPURL("studio")+`"}}}`); code != 200 {
		t.Fatalf("it answers %d %s", code, text)
	}
	viewers := audience(t, l.live(t, "hall"), 1)
	if code, text := l.patch(t, `{"streams": {"hall": {"share": false}}}`); code != 200 {
		t.Errorf("it answers %d %s", code, text)
	}
	eventually(t, 10*time.Second, "it is shared no longer", func() bool { return l.state("hall") == "not shared" })
	if code, text := l.patch(t, `{"streams": {"hall": {"share": true}}}`); code != 200 {
		t.Errorf("it answers %d %s", code, text)
	}
	l.live(t, "hall")
	play(t, viewers, 20)
}

func TestAShareOfTheViewersTriesAnotherPolicyAndIsMeasuredApart(t *testing.T) {
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	l := startLiving(t, loopback(t, media.APIURL()))
	viewers := audience(t, l.live(t, "cam1"), 6)
	play(t, viewers, 40)
	const tested = "substream{feeders=1}"
	undisturbed(t, viewers, "a test of another policy", func() {
		if code, text := l.patch(t, `{"stream": {"abTest": {"policy": {"name": "substream", "params": {"feeders": "1"}}, "share": 0.5}}}`); code != 200 {
			t.Fatalf("it answers %d %s", code, text)
		}
		arms := func() (list []string, playing int) {
			for _, s := range l.Streams() {
				if s.Audience == nil {
					continue
				}
				for _, a := range s.Audience.Policies {
					list, playing = append(list, a.Policy), playing+a.Playing
				}
			}
			return list, playing
		}
		use := func(label string) (n int) {
			for _, v := range viewers {
				if st, err := v.Node().Stats(); err == nil && len(st.Streams) > 0 && st.Streams[0].Policy == label {
					n++
				}
			}
			return n
		}
		eventually(t, 10*time.Second, "every viewer is told apart", func() bool {
			list, playing := arms()
			n := use(tested)
			return playing == 6 && slices.Contains(list, "substream") == (n < 6) && slices.Contains(list, tested) == (n > 0)
		})
		if code, text := l.patch(t, `{"stream": {"abTest": {"share": 1}}}`); code != 200 {
			t.Fatalf("it answers %d %s", code, text)
		}
		eventually(t, 10*time.Second, "all viewers try it", func() bool { return use(tested) == 6 })
		metrics := l.metrics(t)
		eventually(t, 10*time.Second, "metrics tell them apart", func() bool {
			metrics = l.metrics(t)
			return strings.Contains(metrics, `shoal_policy_viewers_playing{policy="`+tested+`",stream="cam1"} 6`)
		})
		if code, _ := l.patch(t, `{"stream": {"abTest": null}}`); code != 200 {
			t.Errorf("it answers %d", code)
		}
		eventually(t, 10*time.Second, "all viewers have gone back", func() bool { return use("substream") == 6 })
	})
}

// metrics are those of Prometheus.
func (l *living) metrics(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.ControlURL()+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
