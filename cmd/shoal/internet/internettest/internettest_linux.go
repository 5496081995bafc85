// Package internettest gives a test an internet, or says loudly why there can be none.
package internettest

import (
	"os"
	"testing"

	"github.com/shoal-live/shoal/cmd/shoal/internet"
)

// New is an internet until the test is over. Where the system does not allow one, the test is skipped, but under
// continuous integration, which sets CI, it fails.
func New(t *testing.T) *internet.Internet {
	t.Helper()
	i := internet.New()
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	_, err := i.Machine() // one that nobody needs
	if err == nil {
		return i
	}
	const way = "what would run it: root on Linux, with /dev/net/tun and the command ip (Debian: apt-get install iproute2); " +
		"in Docker: --cap-add NET_ADMIN --cap-add SYS_ADMIN --device /dev/net/tun"
	if os.Getenv("CI") != "" {
		t.Fatalf("no network namespaces here: %v; %s", err, way)
	}
	t.Skipf("SKIPPED: no network namespaces here: %v; %s", err, way)
	return nil
}

// Public is a machine with a public address.
func Public(t *testing.T, i *internet.Internet) *internet.Machine {
	t.Helper()
	m, err := i.Machine()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// In is a machine in a home.
func In(t *testing.T, h *internet.Home) *internet.Machine {
	t.Helper()
	m, err := h.Machine()
	if err != nil {
		t.Fatal(err)
	}
	return m
}
