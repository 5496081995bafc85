//go:build unix

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/api/bus"
	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/keys"
)

// origin starts a `shoal serve` with its own data folder, which publishes with key through the rendezvous and bus at these URLs.
func origin(t *testing.T, key []byte, api, meeting, nats string) *process {
	t.Helper()
	dir := t.TempDir()
	if _, err := keys.Import(filepath.Join(dir, "data"), key); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "shoal.yml")
	writeFile(t, config, strings.Join([]string{
		"dataDir: '" + filepath.Join(dir, "data") + "'",
		"mediamtx: {api: '" + api + "', poll: 200ms}",
		"rendezvous: {remote: '" + meeting + "'}",
		"bus: {url: '" + nats + "'}",
		"control: {listen: '127.0.0.1:0'}",
		"transport: {listen: '127.0.0.1:0'}",
	}, "\n"))
	return start(t, "serve", config)
}

func TestStandbyTakesOverFromAnOriginThatIsKilledAndViewersPlayOn(t *testing.T) {
	elsewhere(t)
	t.Parallel()
	port := freePort(t)
	startNATS(t, port, t.TempDir())
	nats := "nats://127.0.0.1:" + port
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	secret, err := keys.Open(t.TempDir(), keys.Publisher)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := keys.Encode(secret)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "shoal.yml")
	writeFile(t, config, "rendezvous: {stun: []}\n")
	at := "127.0.0.1:" + freePort(t)
	start(t, "rendezvous", config, "--listen", at, "--publish", keys.Public(secret)).says(t, "rendezvous at ")

	first := origin(t, pem, media.APIURL(), "http://"+at, nats)
	url := first.says(t, "cam1 is live: ")
	second := origin(t, pem, media.APIURL(), "http://"+at, nats)
	second.says(t, "standing by")
	viewers := audience(t, url, 3)
	links := among(viewers)
	before := make([]uint32, len(viewers))
	for i, v := range viewers {
		s, _ := v.stats()
		before[i] = s.Epoch
	}

	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	for i, v := range viewers {
		eventually(t, 10*time.Second, "a viewer plays the standby's epoch", func() bool {
			s, ok := v.stats()
			return ok && s.Epoch > before[i] && s.Playing && s.Buffer > 0
		})
	}
	t.Logf("all play the standby's epoch %v after the kill", time.Since(killed))
	play(t, viewers, 20)
	now := among(viewers)
	for ends, l := range links {
		if now[ends] != l {
			t.Errorf("a link between two viewers was %d and is %d", l, now[ends])
		}
	}

	third := origin(t, pem, media.APIURL(), "http://"+at, nats) // as the one that was killed, in place again
	third.says(t, "standing by")
	if err := second.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	third.says(t, "cam1 is live: ")
	play(t, viewers, 20)
	records, err := openBus(t, nats).Registered(t.Context())
	if err != nil || len(records) != 1 || records[0].Epoch <= before[0]+1 {
		t.Errorf("registered: %+v (%v), after epoch %d", records, err, before[0])
	}
}

func openBus(t *testing.T, url string) *bus.Bus {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{URL: url, DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}
