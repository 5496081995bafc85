package internet_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/internet"
)

const udp = 17

var (
	public = netip.MustParseAddr("203.0.113.1")
	inside = netip.MustParseAddrPort("192.168.1.10:9890")
	friend = netip.MustParseAddrPort("203.0.113.7:1000")
)

func port(a netip.AddrPort, p uint16) netip.AddrPort { return netip.AddrPortFrom(a.Addr(), p) }

func TestEachTypeMapsAndFiltersAsItsNameSays(t *testing.T) {
	other := netip.MustParseAddrPort("203.0.113.8:1000")
	for _, c := range []struct {
		kind                        internet.Type
		sameMapping                 bool // for another destination
		friend, friendsPort, anyone bool // comes in after something was sent to friend
	}{
		{internet.FullCone, true, true, true, true},
		{internet.Restricted, true, true, true, false},
		{internet.PortRestricted, true, true, false, false},
		{internet.Symmetric, false, true, false, false},
	} {
		t.Run(c.kind.String(), func(t *testing.T) {
			n := internet.NewNAT(c.kind, public)
			seen := n.Out(internet.Flow{Protocol: udp, From: inside, To: friend}, 0).From
			if seen.Addr() != public || seen.Port() == inside.Port() {
				t.Fatalf("outside it is %v", seen)
			}
			for from, want := range map[netip.AddrPort]bool{friend: c.friend, port(friend, 2000): c.friendsPort, other: c.anyone} {
				in, ok := n.In(internet.Flow{Protocol: udp, From: from, To: seen}, time.Second)
				if ok != want || ok && in.To != inside {
					t.Errorf("from %v to %v: %v, want %v", from, in.To, ok, want)
				}
			}
			if same := n.Out(internet.Flow{Protocol: udp, From: inside, To: other}, time.Second).From == seen; same != c.sameMapping {
				t.Errorf("another destination sees the same address: %v, want %v", same, c.sameMapping)
			}
		})
	}
}

func TestAMappingIsForgottenWhenNothingLeavesByIt(t *testing.T) {
	n := internet.NewNAT(internet.FullCone, public)
	out := internet.Flow{Protocol: udp, From: inside, To: friend}
	seen := n.Out(out, 0).From
	back := internet.Flow{Protocol: udp, From: friend, To: seen}
	if _, ok := n.In(back, 30*time.Second); !ok {
		t.Error("it is gone after 30 s")
	}
	if _, ok := n.In(back, 31*time.Second); ok {
		t.Error("it is there after 31 s, though what comes in keeps nothing alive")
	}
	if again := n.Out(out, 32*time.Second).From; again == seen {
		t.Error("the old port is used again")
	}
}

func TestPunchableSaysWhichHomesCanMeet(t *testing.T) {
	types := []internet.Type{internet.FullCone, internet.Restricted, internet.PortRestricted, internet.Symmetric}
	want := [4][4]bool{
		{true, true, true, true},
		{true, true, true, true},
		{true, true, true, false},
		{true, true, false, false},
	}
	for i, a := range types {
		for j, b := range types {
			if got := internet.Punchable(a, b); got != want[i][j] {
				t.Errorf("%v and %v: %v", a, b, got)
			}
		}
	}
}
