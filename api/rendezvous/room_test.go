package rendezvous

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/shoal-live/shoal/core/swarm"
)

// crowd is a room with one source, helpers and viewers that can be dialed.
func crowd(helpers, viewers int) *room {
	r := newRoom("cam1", make(ed25519.PublicKey, ed25519.PublicKeySize))
	add := func(role swarm.Role) {
		m := &member{role: role, conn: &conn{closed: true}}
		binary.BigEndian.PutUint32(m.peer[:], uint32(len(r.members)+1))
		m.reach([]swarm.Address{swarm.Address(fmt.Sprintf("quic:192.0.2.1:%d", len(r.members)))})
		m.standing = &swarm.Standing{Peer: m.peer, Role: role}
		r.add(m)
	}
	add(swarm.Source)
	for range helpers {
		add(swarm.Helper)
	}
	for range viewers {
		add(swarm.Viewer)
	}
	return r
}

func TestCandidatesAreOthersOnceEachAndTheSourceIsAmongThem(t *testing.T) {
	for _, size := range []struct{ helpers, viewers int }{{0, 0}, {0, 1}, {1, 0}, {3, 5}, {0, 15}, {20, 0}, {2, 127}, {5, 3000}} {
		r := crowd(size.helpers, size.viewers)
		source := r.roles[swarm.Source][0]
		for _, list := range r.roles {
			for _, m := range list[:min(len(list), 20)] {
				got := r.candidates(m, 1000)
				want := min(MaxCandidates, len(r.members)-1)
				seen := map[*member]int{}
				helpers := 0
				for _, o := range got {
					seen[o]++
					if o.role == swarm.Helper {
						helpers++
					}
				}
				switch {
				case seen[m] > 0:
					t.Fatalf("%v: a member is introduced to itself", size)
				case len(seen) != len(got) || len(got) != want && len(r.members) < 1000 || len(got) < want-1:
					t.Fatalf("%v: %d candidates, %d different ones, want %d", size, len(got), len(seen), want)
				case m != source && seen[source] != 1:
					t.Fatalf("%v: the source is missing", size)
				case size.viewers > 100 && helpers < min(size.helpers, 4)-1:
					t.Fatalf("%v: %d helpers", size, helpers)
				}
			}
		}
	}
}

func TestCandidatesAreSpreadOverTheSwarm(t *testing.T) {
	r := crowd(0, 2000)
	count := map[*member]int{}
	const rounds = 4000
	for i := range rounds {
		for _, o := range r.candidates(r.roles[swarm.Viewer][i%2000], MaxCandidates) {
			count[o]++
		}
	}
	mean := rounds * (MaxCandidates - 1) / 2000
	for _, m := range r.roles[swarm.Viewer] {
		if n := count[m]; n < mean/5 || n > 3*mean {
			t.Fatalf("a viewer is introduced %d times where %d is the mean", n, mean)
		}
	}
}

func TestMembersWithoutAddressesAreNotIntroduced(t *testing.T) {
	r := crowd(0, 10)
	for _, m := range r.roles[swarm.Viewer] {
		m.reach(nil)
	}
	if got := r.candidates(r.roles[swarm.Viewer][0], 16); len(got) != 1 || got[0].role != swarm.Source {
		t.Errorf("%d candidates", len(got))
	}
}

func TestRemovedMembersAreGoneFromEveryList(t *testing.T) {
	r := crowd(3, 50)
	for len(r.members) > 0 {
		for _, m := range r.members { // order-free: any
			r.remove(m)
			break
		}
		total := 0
		for role, list := range r.roles {
			total += len(list)
			for i, m := range list {
				if m.position != i || int(m.role) != role || r.members[m.peer] != m {
					t.Fatalf("member %v is at %d, and thinks at %d", m.peer, i, m.position)
				}
			}
		}
		if total != len(r.members) {
			t.Fatalf("%d in lists, %d members", total, len(r.members))
		}
	}
	if r.live() {
		t.Error("an empty room is live")
	}
}

func TestPunchesAreForAddressesBeyondANAT(t *testing.T) {
	got := global([]swarm.Address{
		"quic:127.0.0.1:1", "quic:192.168.1.5:1", "quic:10.0.0.1:1", "quic:[fe80::1]:1", "quic:[fd00::1]:1", "quic:[::1]:1",
		"quic:198.51.100.7:1", "quic:[2001:db8::1]:1", "quic:example.org:1", "webrtc:", "quic:0.0.0.0:1", "quic:224.0.0.1:1", "",
	})
	if len(got) != 2 || got[0] != "quic:198.51.100.7:1" || got[1] != "quic:[2001:db8::1]:1" {
		t.Errorf("punched are %v", got)
	}
}

// BenchmarkIntroduction is the server's own work for one answer with candidates, which does not depend on the size.
func BenchmarkIntroduction(b *testing.B) {
	for _, size := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("viewers=%d", size), func(b *testing.B) {
			r := crowd(10, size)
			m := r.roles[swarm.Viewer][7]
			b.ReportAllocs()
			for b.Loop() {
				appendCandidates(nil, r.candidates(m, MaxCandidates))
			}
		})
	}
}
