package plugincheck

import (
	"context"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/egress/egresstest"
	"github.com/shoal-live/shoal/plugins/egress/material"
	"github.com/shoal-live/shoal/plugins/host"
)

// What stands for something in the place that the author gives: each target gets its own.
const (
	portMark   = "{port}" // a free TCP port
	folderMark = "{dir}"  // an empty folder
)

// anyPlace is where an egress puts its output unless the author says otherwise.
const anyPlace = "127.0.0.1:" + portMark

const (
	mediaLength = 5 * time.Second // of each epoch
	readyTime   = 10 * time.Second
	playTime    = 9 * time.Second // shorter than the suite's own patience, so that the player's reason is told
)

// outputs is the harness of an egress.
func (j *Job) outputs(t *testing.T) egresstest.Harness {
	h := j.rig(t)
	factory := func(cfg egress.Config) (egress.Egress, error) { return h.Egress(context.Background(), j.spec(), cfg) }
	urls := j.probe(t, h)
	target := func(t *testing.T) egresstest.Target {
		cfg := j.place(t)
		tt := egresstest.Target{Config: cfg}
		if play := playerFor(urls, cfg.Listen); play != nil {
			tt.Plays = func(urls []string, d *chunk.Descriptor) error {
				ctx, stop := context.WithTimeout(t.Context(), playTime)
				defer stop()
				return play(ctx, urls, d)
			}
		}
		if len(urls) > 0 && sticks(urls[0]) {
			tt.Stick = func(urls []string) error { return stick(t, urls[0]) }
		}
		return tt
	}
	harness := egresstest.Harness{
		New: factory, Target: target, URLs: common(urls),
		First:  material.Epoch(t, "h264-opus", 1, mediaLength),
		Second: material.Epoch(t, "h265-aac", 2, mediaLength),
		Wrong: []egresstest.Wrong{
			{Config: egress.Config{Stream: "cam1", Listen: j.place(t).Listen, Params: j.merged(map[string]string{unknown: "1"})}, Parameter: unknown},
		},
	}
	if len(urls) > 0 && strings.Contains(j.listen(), portMark) {
		harness.Busy = j.busy
	}
	return harness
}

func (j *Job) listen() string {
	if j.Listen == "" {
		return anyPlace
	}
	return j.Listen
}

// place is a config with a place of its own.
func (j *Job) place(t *testing.T) egress.Config {
	t.Helper()
	listen := j.listen()
	if strings.Contains(listen, portMark) {
		_, port, err := net.SplitHostPort(material.FreeAddress(t))
		if err != nil {
			t.Fatal(err)
		}
		listen = strings.ReplaceAll(listen, portMark, port)
	}
	if strings.Contains(listen, folderMark) {
		listen = strings.ReplaceAll(listen, folderMark, t.TempDir())
	}
	return egress.Config{Stream: "cam1", Listen: listen, Params: j.Params}
}

// probe runs the egress once, to see what it says that can be played.
func (j *Job) probe(t *testing.T, h *host.Host) []string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	cfg := j.place(t)
	e, err := h.Egress(ctx, j.spec(), cfg)
	if err != nil {
		t.Fatalf("with the place %q: %v; give --listen and --param as its config needs them", cfg.Listen, err)
	}
	ready, done := make(chan []string, 1), make(chan error, 1)
	go func() {
		done <- e.Run(ctx, make(chan egress.Item), func(urls []string) {
			select {
			case ready <- append([]string(nil), urls...):
			default: // once more: the suite minds
			}
		})
	}()
	timer := time.NewTimer(readyTime)
	defer timer.Stop()
	select {
	case urls := <-ready:
		stop()
		<-done // the suite minds what it says
		return urls
	case err := <-done:
		t.Fatalf("with the place %q it ended at once: %v; give --listen and --param as its config needs them", cfg.Listen, err)
	case <-timer.C:
		t.Fatalf("with the place %q it was not ready after %v", cfg.Listen, readyTime)
	}
	return nil
}

// busy takes a place first.
func (j *Job) busy(t *testing.T) (egress.Config, string, func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	listen := strings.ReplaceAll(j.listen(), portMark, port)
	cfg := egress.Config{Stream: "cam1", Listen: listen, Params: j.Params}
	return cfg, port, func() { l.Close() }
}

// common is the scheme that all URLs begin with, "" for no URLs.
func common(urls []string) string {
	if len(urls) == 0 {
		return ""
	}
	scheme, _, _ := strings.Cut(urls[0], ":")
	return scheme + "://"
}

// sticks tells whether a player that takes nothing can be made for a URL.
func sticks(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "tcp")
}

// stick asks for the media and reads none of it, until the test ends.
func stick(t *testing.T, text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return err
	}
	c, err := net.DialTimeout("tcp", u.Host, playTime)
	if err != nil {
		return err
	}
	t.Cleanup(func() { c.Close() })
	if u.Scheme == "http" {
		_, err = c.Write([]byte("GET " + u.RequestURI() + " HTTP/1.1\r\nHost: " + u.Host + "\r\n\r\n"))
	}
	return err
}
