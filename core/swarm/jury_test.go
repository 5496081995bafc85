package swarm_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// hall is a swarm whose members are judged: the first is the accused, who was introduced to all others.
type hall struct {
	swarm.Jury
	members []*swarm.Standing
	now     time.Duration
}

func newHall(n int) *hall {
	h := &hall{}
	for i := range n {
		s := &swarm.Standing{Role: swarm.Viewer, Origin: fmt.Sprint("network ", i)}
		binary.BigEndian.PutUint32(s.Peer[:], uint32(i+1))
		h.members = append(h.members, s)
		if i > 0 {
			s.Meet(h.members[0])
		}
	}
	return h
}

func (h *hall) says(by, of int) bool {
	return h.Accuse(h.now, h.members[by], h.members[of], len(h.members))
}

func TestThreeWhoMetTheAccusedAreEnough(t *testing.T) {
	h := newHall(10)
	if h.says(1, 0) || h.says(2, 0) || h.members[0].Accused(h.now) {
		t.Fatal("accused by two")
	}
	if !h.says(3, 0) || !h.members[0].Accused(h.now) {
		t.Fatal("not accused by three")
	}
	if h.says(4, 0) {
		t.Error("accused again, of which everybody would be told again")
	}
	if at := h.now + 5*time.Minute; !h.members[0].Accused(at-1) || h.members[0].Accused(at) {
		t.Error("not accused for five minutes")
	}
}

func TestWordsThatDoNotCount(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(h *hall)
	}{
		{"of one who says it twice", func(h *hall) { h.members[3] = h.members[2] }},
		{"of one who has joined again", func(h *hall) { h.members[3].Peer = h.members[2].Peer }},
		{"of two from one network", func(h *hall) { h.members[3].Origin = h.members[2].Origin }},
		{"of one who has not met the accused", func(h *hall) { h.members[3].Part() }},
		{"of the accused", func(h *hall) { h.members[3] = h.members[0] }},
		{"against the source", func(h *hall) { h.members[0].Role = swarm.Source }},
		{"that are a minute old", func(h *hall) { h.now += time.Minute }},
		{"of one who has said as much as he may", func(h *hall) {
			for i := 6; i < 10; i++ {
				h.members[3].Meet(h.members[i])
				h.says(3, i)
			}
		}},
		{"of one who is accused", func(h *hall) {
			for i := 6; i < 9; i++ {
				h.members[i].Meet(h.members[3])
				h.says(i, 3)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHall(20)
			h.says(1, 0)
			h.says(2, 0)
			c.spoil(h)
			if h.says(3, 0) {
				t.Error("it made the third")
			}
		})
	}
}

func TestWhoWasIntroducedToTheAccusedMayAccuse(t *testing.T) {
	h := newHall(4)
	h.members[3].Part()
	h.members[0].Meet(h.members[3])
	if h.says(1, 0); h.says(2, 0) || !h.says(3, 0) {
		t.Error("not heard")
	}
}

func TestOriginsThatSayNothingAreNotOne(t *testing.T) {
	h := newHall(4)
	for _, s := range h.members {
		s.Origin = ""
	}
	if h.says(1, 0); h.says(2, 0) || !h.says(3, 0) {
		t.Error("three peers without an origin are not three")
	}
}

// TestLiarsBringDownAShareAtMost lets a third of a swarm accuse everybody else, one by one, all introductions being made.
func TestLiarsBringDownAShareAtMost(t *testing.T) {
	const all, liars, limit = 120, 40, 120/8 + 1
	h := newHall(all)
	most := 0
	for range 200 {
		h.now += time.Second
		for of := liars; of < all; of++ {
			for by := range liars {
				h.members[by].Meet(h.members[of])
				h.says(by, of)
			}
		}
		n := 0
		for _, s := range h.members {
			if s.Accused(h.now) {
				n++
			}
		}
		most = max(most, n)
	}
	if most != limit {
		t.Errorf("%d of %d are accused at once, want %d", most, all, limit)
	}
}

func TestTheNewestMeetingsAreRemembered(t *testing.T) {
	h := newHall(100)
	for _, s := range h.members[1:] {
		h.members[0].Meet(s)
		h.members[0].Meet(s)
	}
	met := map[*swarm.Standing]bool{}
	for _, s := range h.members[0].Met() {
		met[s] = true
	}
	if len(met) != 64 || len(h.members[0].Met()) != 64 || !met[h.members[99]] || !met[h.members[36]] || met[h.members[35]] {
		t.Errorf("%d of the last 64 are remembered", len(met))
	}
}

func TestTheAccusedStaysSoWhenItComesBack(t *testing.T) {
	h := newHall(5)
	for by := 1; by <= 3; by++ {
		h.says(by, 0)
	}
	accused := h.members[0]
	if h.Recall(h.now, accused.Peer) != accused || h.Recall(h.now, h.members[1].Peer) != nil {
		t.Error("not recalled")
	}
	if h.Recall(h.now+5*time.Minute, accused.Peer) != nil {
		t.Error("recalled for ever")
	}
}
