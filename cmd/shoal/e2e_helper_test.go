//go:build unix

package main_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestAHelperFeedsViewersForWhomTheSourceIsTooSmall(t *testing.T) {
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	c := loopback(t, media.APIURL())
	c.Uplink = 1_000_000 // not three copies, for four who have nothing to give
	s := startSource(t, c)
	url := s.live(t, "cam1")
	var viewers []*viewer
	for range 4 {
		viewers = append(viewers, startViewer(t, watch.Options{URL: url, Uplink: config.Rate(8 * budget.MinCap)}))
	}
	file := filepath.Join(t.TempDir(), "helper.yml")
	replace(t, file, "uplink: 19M\n")
	read := func() (watch.Options, error) {
		c, err := config.LoadViewer(file, wire.Known())
		o := watch.Options{
			URL: url, Role: swarm.Helper, Transport: c.Transport, Uplink: c.Uplink, Egress: c.For("").Egress, Isolation: config.Inline,
		}
		o.Transport.Listen = "127.0.0.1:0"
		return o, err
	}
	o, err := read()
	if err != nil {
		t.Fatal(err)
	}
	o.Live = watch.Live{File: file, Read: read}
	h := startViewer(t, o)
	fed := func() (from int) {
		for _, v := range viewers {
			stats, _ := v.stats()
			for _, l := range stats.Links {
				if l.Peer == h.Node().Self() && l.Received > 100_000 {
					from++
				}
			}
		}
		return from
	}
	took := eventually(t, 40*time.Second, "viewers get from the helper", func() bool { return fed() >= 2 })
	t.Logf("%d viewers were fed after %v", fed(), took)
	play(t, viewers, 20)
	st, err := h.Node().Stats()
	if err != nil || len(st.Streams) != 1 {
		t.Fatalf("the helper's figures are %+v, %v", st, err)
	}
	one := &st.Streams[0]
	line := watch.Line(one)
	t.Log(line)
	switch {
	case one.Role != swarm.Helper || one.Policy != "substream" || len(one.URLs) > 0:
		t.Errorf("it is a %v with policy %s and outputs %v", one.Role, one.Policy, one.URLs)
	case one.Engine.Sent.ChunkBytes < 400_000 || one.Engine.Groups.Due > 0 || one.Engine.Playing:
		t.Errorf("it sent %+v and played %+v", one.Engine.Sent, one.Engine.Groups)
	case st.Cap != 19_000_000/8 || st.Most1s > st.Cap:
		t.Errorf("%d bytes left in a second, the cap is %d", st.Most1s, st.Cap)
	case !strings.HasPrefix(line, "relays to ") || !strings.Contains(line, "from the source"):
		t.Errorf("it says %q", line)
	}
	if list := s.Streams(); len(list) != 1 || list[0].Viewers != 4 {
		t.Errorf("the source lists %+v, want 4 viewers", list)
	}
	replace(t, file, "egress: {hls: {listen: '127.0.0.1:0'}}\n")
	eventually(t, 10*time.Second, "an output is refused", func() bool { return len(happened[event.ConfigRejected](h.history)) == 1 })
	if e := happened[event.ConfigRejected](h.history)[0]; !strings.Contains(e.Cause, "egress.hls") {
		t.Errorf("it is refused because %q", e.Cause)
	}
	replace(t, file, "uplink: 18M\n")
	eventually(t, 10*time.Second, "another cap counts", func() bool {
		st, err := h.Node().Stats()
		return err == nil && st.Cap == 18_000_000/8
	})
	h.stop()
	eventually(t, 5*time.Second, "it has said goodbye to all", func() bool {
		for _, v := range viewers {
			if v.linkTo(h.Node()) != 0 {
				return false
			}
		}
		return true
	})
}
