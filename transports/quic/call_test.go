package quic

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func ports(list ...string) []netip.AddrPort {
	out := make([]netip.AddrPort, len(list))
	for i, s := range list {
		out[i] = netip.MustParseAddrPort(s)
	}
	return out
}

func TestACallLeadsNobodyToAPrivateNetwork(t *testing.T) {
	call := encodeCall(ports("192.168.1.1:53", "198.51.100.7:4000", "127.0.0.1:9", "[fe80::1]:9", "10.0.0.1:1", "[2001:db8::1]:5", "198.51.100.7:4000"))
	if got, want := parseCall(call), ports("198.51.100.7:4000", "[2001:db8::1]:5"); !slices.Equal(got, want) {
		t.Errorf("it leads to %v, want %v", got, want)
	}
	for _, bad := range []string{"", "\x02198.51.100.7:4000", "\x01", "\x01nonsense", "\x01198.51.100.7:0", "\x01" + strings.Repeat("198.51.100.7:4000 ", 50)} {
		if got := parseCall([]byte(bad)); got != nil {
			t.Errorf("%q leads to %v", bad, got)
		}
	}
}

// The law: what was parsed is written and parsed the same again.
func FuzzCall(f *testing.F) {
	f.Add(encodeCall(ports("198.51.100.7:4000", "[2001:db8::1]:5")))
	f.Add([]byte{callKind, ' '})
	f.Fuzz(func(t *testing.T, b []byte) {
		list := parseCall(b)
		if len(list) > maxTargets {
			t.Fatalf("%d addresses", len(list))
		}
		if len(list) > 0 && !slices.Equal(parseCall(encodeCall(list)), list) {
			t.Fatalf("%v changes on its way", list)
		}
	})
}

func TestTheNearestAddressIsTriedFirst(t *testing.T) {
	all := func() []netip.AddrPort { return ports("127.0.0.1:9890", "192.168.1.5:9890", "198.51.100.7:4000") }
	for name, c := range map[string]struct {
		outside string
		want    []netip.AddrPort
	}{
		"in another network":  {"198.51.100.9:4000", ports("198.51.100.7:4000", "192.168.1.5:9890", "127.0.0.1:9890")},
		"behind the same NAT": {"198.51.100.7:5000", ports("192.168.1.5:9890", "198.51.100.7:4000", "127.0.0.1:9890")},
	} {
		got := all()
		if nearest(got, ports(c.outside)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestWhoeverIsCalledDialsBack(t *testing.T) {
	a, b := startNode(t, "packet"), startNode(t, "packet")
	b.live.Load().called(a.id, a.live.Load().own)
	b.sink.await(t, "Up", func(s *tape) bool { return len(s.up) == 1 })
	if up := b.sink.up[0]; up.Peer != a.id || !up.Dialed {
		t.Errorf("the link is %+v", up)
	}
	if n := b.live.Load().punches.Load(); n > 0 {
		t.Errorf("%d punches are under way for as long as the link lives", n)
	}
}
