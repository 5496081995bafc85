package main_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/internet"
	"github.com/shoal-live/shoal/cmd/shoal/internet/internettest"
)

const (
	timeToStart = 20 * time.Second
	timeToPlay  = 40 * time.Second
	timeToLink  = 20 * time.Second
	linkBytes   = 5000    // each way: a handshake and a second's control
	playedBytes = 200_000 // some seconds of the clip
)

// The publisher has an ordinary router, and so have most of those who watch. Two of them are behind NATs that nobody reaches
// but a helper and one whose own NAT is less strict. Each pair that can meet does, and everybody plays.
func TestWhoeverIsAtHomeMeetsAllWhomTheirNATsAllowAndPlays(t *testing.T) {
	elsewhere(t)
	w := newWorld(t)
	w.helper(t, internettest.In(t, w.Home(internet.FullCone)))
	family := w.Home(internet.PortRestricted)
	for _, home := range []*internet.Home{
		family, family, w.Home(internet.PortRestricted), w.Home(internet.Restricted), w.Home(internet.Symmetric), w.Home(internet.Symmetric),
	} {
		w.viewer(t, home)
	}
	for _, r := range w.others[1:] {
		eventually(t, timeToPlay, r.name+" plays", func() bool { return w.playing(t, r) })
	}
	for _, p := range w.pairs() {
		if p.canMeet() {
			took := eventually(t, timeToLink, p.String()+" have a direct link", func() bool { return w.least(p) > linkBytes })
			t.Logf("%v are linked, after %v more", p, took)
		}
	}
	var success float64
	eventually(t, timeToLink, "the rendezvous knows of all dials", func() bool {
		success = w.reports(t).Totals.DialSuccess
		return success > 0 && success < 1
	})
	t.Logf("%.0f %% of the dials gave a link", 100*success)
	for _, p := range w.pairs() {
		if bytes := w.Carried(p[0].Machine, p[1].Machine) + w.Carried(p[1].Machine, p[0].Machine); !p.canMeet() && bytes > 0 {
			t.Errorf("%v exchange %d bytes, which their NATs are not to let through", p, bytes)
		}
	}
}
