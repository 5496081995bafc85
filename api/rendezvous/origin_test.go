package rendezvous

import (
	"net/netip"
	"testing"
)

func TestOriginsAreNetworks(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"198.51.100.7", "198.51.100.0/24"},
		{"2001:db8:1:2::3", "2001:db8:1::/48"},
		{"127.0.0.1", ""}, {"::1", ""}, {"10.1.2.3", ""}, {"fd00::1", ""}, {"fe80::1", ""}, {"", ""},
	} {
		a, _ := netip.ParseAddr(c.address)
		if got := origin(a); got != c.want {
			t.Errorf("%q is of %q, want %q", c.address, got, c.want)
		}
	}
}
