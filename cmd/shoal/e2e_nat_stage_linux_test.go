package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/cmd/shoal/internet"
	"github.com/shoal-live/shoal/cmd/shoal/internet/internettest"
	"github.com/shoal-live/shoal/core/node"
)

// world is an internet on which cam1 is published: a rendezvous with a public address, and a publisher at home.
type world struct {
	*internet.Internet
	meeting *internet.Machine
	url     string // of cam1
	source  *resident
	others  []*resident
}

// resident is a machine with a shoal on it.
type resident struct {
	*internet.Machine
	name    string
	process *process
	uplink  int    // bits per second; no two have the same, so that reports can be told apart
	plays   string // the file that it plays into
	last    node.Statistics
}

func (r *resident) String() string { return fmt.Sprintf("%s (%v)", r.name, r.Home().Type()) }

// newWorld has a publisher with an ordinary router publish cam1.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Internet: internettest.New(t)}
	data := t.TempDir()
	key, stderr, err := run(t, timeToStart, "key", "show", "--data", data)
	if err != nil {
		t.Fatalf("%v %s", err, stderr)
	}
	w.meeting = internettest.Public(t, w.Internet)
	meet := startBy(t, w.meeting.Start, nil, exec.Command(shoal, "rendezvous", "--publish", strings.TrimSpace(key)))
	remote := strings.TrimSuffix(strings.Fields(meet.says(t, "rendezvous at "))[0], ":")

	w.source = &resident{Machine: internettest.In(t, w.Home(internet.PortRestricted)), name: "the source"}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	camera := exec.Command(self)
	camera.Env = append(os.Environ(), studioClip+"=h264-opus")
	api := startBy(t, w.source.Start, nil, camera).says(t, "api: ")
	config := filepath.Join(t.TempDir(), "shoal.yml")
	writeFile(t, config, strings.Join([]string{
		"dataDir: '" + data + "'",
		"mediamtx: {api: '" + api + "', poll: 200ms}",
		"rendezvous: {remote: '" + remote + "'}",
	}, "\n"))
	w.source.process = startBy(t, w.source.Start, nil, exec.Command(shoal, "serve", config))
	w.url = w.source.process.says(t, "cam1 is live: ")
	return w
}

// viewer has somebody at home watch.
func (w *world) viewer(t *testing.T, home *internet.Home) *resident {
	t.Helper()
	r := w.resident(t, internettest.In(t, home), "viewer")
	r.plays = filepath.Join(t.TempDir(), "played.mp4")
	out, err := os.Create(r.plays)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }() // the viewer has its own
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s has last reported %+v", r.name, r.last)
		}
	})
	r.process = startBy(t, r.Start, out, exec.Command(shoal, "watch", "--pipe", "--isolation=inline", "--log-level=debug", "--uplink", strconv.Itoa(r.uplink), w.url))
	return r
}

// helper has somebody help.
func (w *world) helper(t *testing.T, m *internet.Machine) *resident {
	t.Helper()
	r := w.resident(t, m, "helper")
	r.process = startBy(t, r.Start, nil, exec.Command(shoal, "helper", "--uplink", strconv.Itoa(r.uplink), w.url))
	return r
}

func (w *world) resident(t *testing.T, m *internet.Machine, role string) *resident {
	t.Helper()
	n := len(w.others) + 1
	r := &resident{Machine: m, name: fmt.Sprintf("%s %d", role, n), uplink: 10_000_000 + 8000*n}
	w.others = append(w.others, r)
	return r
}

// reported is what the rendezvous tells of its members.
type reported struct {
	Totals  rendezvous.Totals `json:"totals"`
	Members []struct {
		Statistics node.Statistics `json:"statistics"`
	} `json:"members"`
}

// reports asks the rendezvous.
func (w *world) reports(t *testing.T) (all reported) {
	t.Helper()
	c := http.Client{Transport: &http.Transport{DialContext: w.meeting.Dial, DisableKeepAlives: true}, Timeout: timeToStart}
	resp, err := c.Get(strings.Replace(w.url, "/cam1", "/v1/members/cam1", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// report is what a resident has last said of itself.
func (w *world) report(t *testing.T, r *resident) (node.Statistics, bool) {
	t.Helper()
	for _, m := range w.reports(t).Members {
		if int(m.Statistics.CapBps) == r.uplink {
			return m.Statistics, true
		}
	}
	return node.Statistics{}, false
}

// pair are two residents.
type pair [2]*resident

// pairs are all of them, the source included.
func (w *world) pairs() []pair {
	var list []pair
	all := append([]*resident{w.source}, w.others...)
	for i, a := range all {
		for _, b := range all[:i] {
			list = append(list, pair{b, a})
		}
	}
	return list
}

func (p pair) String() string { return p[0].String() + " and " + p[1].String() }

// canMeet tells whether there is a way between the two: in one home always, else as their NATs allow.
func (p pair) canMeet() bool {
	return p[0].Home() == p[1].Home() || internet.Punchable(p[0].Home().Type(), p[1].Home().Type())
}

// least is how many bytes of UDP have come from one of the two to the other, the way that carried less.
func (w *world) least(p pair) uint64 {
	return min(w.Carried(p[0].Machine, p[1].Machine), w.Carried(p[1].Machine, p[0].Machine))
}

// playing tells whether a viewer plays, by its own report and by what it plays into.
func (w *world) playing(t *testing.T, r *resident) bool {
	t.Helper()
	info, err := os.Stat(r.plays)
	if err != nil {
		t.Fatal(err)
	}
	s, ok := w.report(t, r)
	r.last = s
	return ok && s.Playing && s.Continuity > 0.9 && info.Size() > playedBytes
}
