package quic

import (
	"net"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/core/swarm"
)

func TestAddressesThatNobodyHasAreRefused(t *testing.T) {
	for _, a := range []swarm.Address{
		"", "quic", "quic:", "quic:1.2.3.4", "quic:1.2.3.4:", "quic:1.2.3.4:0", "quic:1.2.3.4:65536", "quic::1", "quic:0.0.0.0:1",
		"quic:[::]:1", "quic:224.0.0.1:1", "quic:255.255.255.255:1", "quic:[ff02::1]:1", "quic:a b:1", "webrtc:1.2.3.4:5",
		swarm.Address("quic:" + strings.Repeat("a", 300) + ":1"),
	} {
		if got, ok := parseTarget(a); ok {
			t.Errorf("%q was read as %+v", a, got)
		}
	}
	for _, a := range []swarm.Address{"quic:1.2.3.4:5", "quic:[2001:db8::1]:65535", "quic:host.example:9890", "quic:127.0.0.1:1"} {
		if _, ok := parseTarget(a); !ok {
			t.Errorf("%q was refused", a)
		}
	}
}

// A parsed address is written back as one that parses to the same.
func FuzzTarget(f *testing.F) {
	f.Add("quic:192.0.2.1:9890")
	f.Add("quic:[2001:db8::1%eth0]:9890")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parseTarget(swarm.Address(s))
		if !ok {
			return
		}
		again := swarm.Address(scheme + ":" + net.JoinHostPort(got.host, "1"))
		if back, ok := parseTarget(again); len(again) <= swarm.MaxAddress && (!ok || back.host != got.host) {
			t.Fatalf("%q is host %q, which comes back as %+v, %v", s, got.host, back, ok)
		}
	})
}

func TestInterfacesAreListedLoopbackLast(t *testing.T) {
	list := func() ([]net.Addr, error) {
		var all []net.Addr
		for _, s := range []string{"127.0.0.1/8", "::1/128", "fe80::1/64", "2001:db8::5/64", "192.0.2.5/24", "10.0.0.5/8"} {
			ip, n, err := net.ParseCIDR(s)
			if err != nil {
				return nil, err
			}
			all = append(all, &net.IPNet{IP: ip, Mask: n.Mask})
		}
		return all, nil
	}
	got := dialable(&net.UDPAddr{IP: net.IPv6unspecified, Port: 7}, list)
	want := []swarm.Address{"quic:192.0.2.5:7", "quic:10.0.0.5:7", "quic:[2001:db8::5]:7", "quic:127.0.0.1:7"}
	if len(got) != len(want) {
		t.Fatalf("listening at %v; want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("listening at %v; want %v", got, want)
		}
	}
	if got := dialable(&net.UDPAddr{IP: net.IPv4(192, 0, 2, 5), Port: 7}, list); len(got) != 1 || got[0] != "quic:192.0.2.5:7" {
		t.Errorf("bound to one address, listening at %v", got)
	}
}
