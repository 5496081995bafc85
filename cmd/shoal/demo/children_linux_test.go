package demo

import (
	"testing"
	"time"
)

func TestStatLinesAreReadWhateverTheProgramIsCalled(t *testing.T) {
	const rest = " S 41 4 4 0 -1 4194304 9 0 0 0 150 50 0 0 20 0 9 0 7 1000 256 18446744073709551615"
	for _, name := range []string{"(tcp)", "(a b)", "(a) R 7 (b)", "()"} {
		parent, cpu, pages, ok := parseStat([]byte("42 " + name + rest))
		if parent != 41 || cpu != 2*time.Second || pages != 256 || !ok {
			t.Errorf("%s: parent %d, %v, %d pages, %v", name, parent, cpu, pages, ok)
		}
	}
	for _, line := range []string{"", "42 (tcp", "42 (tcp) S 41", "42 (tcp) S x 4 4 0 -1 4194304 9 0 0 0 150 50 0 0 20 0 9 0 7 1000 256 0"} {
		if _, _, _, ok := parseStat([]byte(line)); ok {
			t.Errorf("%q was read", line)
		}
	}
}
