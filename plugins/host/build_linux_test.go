package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// TestABinaryThatWasReplacedIsNotServed: as where a program cannot name its own running file, and an upgrade has put another
// in its place.
func TestABinaryThatWasReplacedIsNotServed(t *testing.T) {
	self := plugintest.Self(t)
	data, err := os.ReadFile(self[0])
	if err != nil {
		t.Fatal(err)
	}
	data[15] ^= 1 // padding of the ELF header: another file that does the same
	other := filepath.Join(t.TempDir(), "replaced")
	if err := os.WriteFile(other, data, 0o755); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *host.Config) { c.Self = append([]string{other}, self[1:]...) })
	oneLine(t, ask(t, r, host.Spec{Name: "parrot"}), host.ErrStart, "policy/parrot", "the binary was replaced", "restart shoal")

	spec := host.Spec{Name: "mine", Path: other, Args: []string{self[1], "policy/parrot"}}
	if err := ask(t, r, spec); err != nil { // a file of its own is another program by right
		t.Errorf("as a plugin of its own: %v", err)
	}
}
