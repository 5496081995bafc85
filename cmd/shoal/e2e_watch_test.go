//go:build unix

package main_test

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/event"
)

func TestAViewersTransportPolicyAndOutputsAreSwappedWhileItPlays(t *testing.T) {
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	s := startSource(t, loopback(t, media.APIURL()))
	url := s.live(t, "cam1")
	file := filepath.Join(t.TempDir(), "watch.yml")
	replace(t, file, "")
	read := func() (watch.Options, error) {
		c, err := config.LoadViewer(file, wire.Known())
		o := watch.Options{URL: url, Transport: c.Transport, Policy: c.Policy, Uplink: c.Uplink, Egress: c.For("").Egress}
		o.Transport.Listen = "127.0.0.1:0"
		return o, err
	}
	o, err := read()
	if err != nil {
		t.Fatal(err)
	}
	o.Live = watch.Live{File: file, Read: read}
	v := startViewer(t, o)
	viewers := append(audience(t, url, 2), v)
	play(t, viewers, 40)
	changes := 0
	changed := func(text string) func() {
		return func() {
			changes++
			replace(t, file, text)
			eventually(t, 20*time.Second, "it takes effect: "+text, func() bool { return len(happened[event.ConfigChanged](v.history)) == changes })
		}
	}
	decides := func(label string) {
		t.Helper()
		eventually(t, 5*time.Second, label+" decides", func() bool {
			st, err := v.Node().Stats()
			return err == nil && len(st.Streams) == 1 && st.Streams[0].Policy == label
		})
	}
	undisturbed(t, viewers, "another policy", changed("policy: {name: substream, params: {feeders: 3}}\n"))
	decides("substream{feeders=3}")
	before := v.Node().Addresses()
	undisturbed(t, viewers, "another transport", changed("policy: {name: substream, params: {feeders: 3}}\ntransport: {params: {chunks: datagram}}\n"))
	if now := v.Node().Addresses(); len(now) != 1 || slices.Equal(now, before) {
		t.Errorf("it listened at %v and listens at %v", before, now)
	}
	hls := "127.0.0.1:" + freePort(t)
	undisturbed(t, viewers, "another output, another uplink, and the stream's own policy", changed("transport: {params: {chunks: datagram}}\nuplink: 9M\negress: {hls: {listen: '"+hls+"'}}\n"))
	decides("substream")
	answers := func() bool {
		c, err := net.Dial("tcp", hls)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}
	eventually(t, 5*time.Second, "the output listens", answers)
	undisturbed(t, viewers, "what is refused", func() {
		for i, c := range []struct{ text, says string }{
			{"policy: clubz\n", "clubz"},
			{"egress: {hls: {params: {colour: red}}}\n", "egress.hls"},
			{"transport: {params: {chunks: pigeon}}\n", "pigeon"},
			{"policy: {path: /nowhere/mine}\n", "check the path"},
			{"mediamtx: {user: me}\n", "shoal watch"},
		} {
			replace(t, file, c.text)
			eventually(t, 10*time.Second, "it is refused: "+c.text, func() bool { return len(happened[event.ConfigRejected](v.history)) == i+1 })
			if e := happened[event.ConfigRejected](v.history)[i]; e.Way != "file" || !strings.Contains(e.Cause, c.says) {
				t.Errorf("by the %s: %q does not say %q", e.Way, e.Cause, c.says)
			}
		}
	})
	if !answers() {
		t.Error("the output has ended for a change that was refused")
	}
	undisturbed(t, viewers, "everything back again", changed(""))
	eventually(t, 5*time.Second, "the output has ended", func() bool { return !answers() })
}
