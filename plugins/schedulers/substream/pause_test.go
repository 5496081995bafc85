package substream_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// stream is what a viewer is told of an epoch.
func stream(epoch uint32) scheduler.Stream {
	return scheduler.Stream{Self: swarm.PeerID{99}, Role: swarm.Viewer, Epoch: epoch, Substreams: 8, Rate: 8 * seat, MaxLinks: 32, Seed: 1}
}

// pausing is the stream of an epoch that pauses.
func pausing(epoch uint32) scheduler.Stream {
	s := stream(epoch)
	s.Paused = true
	return s
}

// cutOff has all neighbours say that nothing reaches them.
func cutOff(ups ...scheduler.LinkUp) (changes []scheduler.Change) {
	for _, up := range ups {
		up.Status.Hops = swarm.Hops{}
		changes = append(changes, scheduler.PeerStatus{Link: up.Link, Status: up.Status})
	}
	return changes
}

// through has a viewer with an uplink of 24 seats be fed by neighbours, and then all of these be cut off, under a stream that
// pauses or not, for a while. It answers what it has left of what they fed it.
func through(t *testing.T, s scheduler.Stream, ups ...scheduler.LinkUp) (l *life, left uint64) {
	t.Helper()
	l = begin(t, 24, ups...)
	for range 8 {
		l.step()
	}
	l.step(append([]scheduler.Change{s}, cutOff(ups...)...)...)
	for range 80 {
		l.step(scheduler.Silent{Link: ups[0].Link, Substream: 0, For: time.Second}, scheduler.Silent{Link: ups[1].Link, Substream: 1, For: time.Second})
		left |= union(l.given)
	}
	return l, left
}

func TestWhileTheStreamPausesNobodyIsLeft(t *testing.T) {
	for _, s := range []scheduler.Stream{stream(1), pausing(1)} {
		t.Run(fmt.Sprintf("paused %v", s.Paused), func(t *testing.T) {
			l, left := through(t, s, crowd()...)
			if (left == 0) != s.Paused {
				t.Errorf("of those who are cut off it leaves %08b", left)
			}
			if !s.Paused {
				return
			}
			// It takes a while until all are reached again, and have said so.
			left = 0
			for range 8 {
				l.step(stream(1))
				left |= union(l.given)
			}
			if left != 0 {
				t.Errorf("as soon as the stream goes on it leaves %08b", left)
			}
		})
	}
}

func TestWhileTheStreamPausesNobodyButTheSourceIsAsked(t *testing.T) {
	for _, s := range []scheduler.Stream{stream(1), pausing(1)} {
		l := begin(t, 24, crowd()...)
		gone := l.asked[2]
		for range 8 {
			l.step()
		}
		if l.step(s, scheduler.LinkDown{Link: 2, Peer: swarm.PeerID{2}}); gone == 0 || (union(l.asked) == 0) != s.Paused {
			t.Errorf("paused %v: of those who are left it asks for %08b in the place of %08b", s.Paused, union(l.asked), gone)
		}
		if l.step(source(9, 0xff)); s.Paused && l.asked[9]&gone == 0 {
			t.Errorf("of the source that is there again it asks for %08b, and lacks %08b", l.asked[9], gone)
		}
	}
}

func TestWhoHadSeatsAtTheSourceTakesThemAgainInTheNextEpoch(t *testing.T) {
	for _, rooted := range []bool{true, false} {
		var ups []scheduler.LinkUp
		for id := swarm.LinkID(2); id < 18; id++ {
			up := viewer(id, 0xff)
			up.Status.Uplink = 1000 * seat // this peer does not lead
			ups = append(ups, up)
		}
		open := uint64(0)
		if rooted {
			open = 0xff
		}
		at := source(1, open)
		l := begin(t, 24, append(ups, at)...)
		had := l.asked[1]
		if (had != 0) != rooted {
			t.Fatalf("open %08b: of the source it asks for %08b", open, had)
		}
		l.step(scheduler.Candidates{Peers: []swarm.Candidate{{Peer: at.Peer, Role: swarm.Source}}})
		for range 8 {
			l.step()
		}
		l.step(scheduler.LinkDown{Link: 1, Peer: at.Peer})
		l.step(pausing(1))
		for range 8 {
			l.step(scheduler.DialFailed{Peer: at.Peer})
		}
		clear(l.dialed)
		l.step(stream(2))
		if l.dialed[at.Peer] != rooted {
			t.Errorf("open %08b: whether it dials the source when the next epoch begins: %v", open, l.dialed[at.Peer])
		}
		if !rooted {
			continue
		}
		again := source(30, 0xff)
		again.Peer = at.Peer
		l.room[30] = 0xff
		l.step(again)
		if l.asked[30]&had != had {
			t.Errorf("it had %08b of the source, and asks for %08b again", had, l.asked[30])
		}
	}
}

func TestWhatDidNotComeWhileTheStreamPausedIsNoReasonToSeekNeighbours(t *testing.T) {
	var ups []scheduler.LinkUp
	for id := swarm.LinkID(1); id <= 16; id++ { // more than it seeks
		ups = append(ups, viewer(id, 0xff))
	}
	for _, s := range []scheduler.Stream{stream(1), pausing(1)} {
		l := begin(t, 24, ups...)
		for range 8 {
			l.step()
		}
		seeks := l.seeks
		l.step(append([]scheduler.Change{s}, cutOff(ups...)...)...)
		for range 40 {
			l.step()
			seeks += l.seeks
		}
		l.step(stream(2))
		for range 7 { // 2 s later it lacks what has not come by then
			seeks += l.seeks
			l.step()
		}
		if (seeks > 0) == s.Paused {
			t.Errorf("paused %v: it seeks %d further neighbours", s.Paused, seeks)
		}
	}
}
