package usage

import (
	"os/exec"
	"testing"
	"time"
)

func TestStatLinesAreReadWhateverTheProgramIsCalled(t *testing.T) {
	const rest = " S 41 4 4 0 -1 4194304 9 0 0 0 150 50 30 20 20 0 9 0 7 1000 256 18446744073709551615"
	for _, name := range []string{"(tcp)", "(a b)", "(a) R 7 (b)", "()"} {
		s, ok := parseStat([]byte("42 " + name + rest))
		if want := (stat{42, 41, 2500 * time.Millisecond, 256}); s != want || !ok {
			t.Errorf("%s: %+v, %v", name, s, ok)
		}
	}
	for _, line := range []string{"", "42 (tcp", "42 (tcp) S 41", "42 (tcp) S x 4 4 0 -1 4194304 9 0 0 0 150 50 0 0 20 0 9 0 7 1000 256 0"} {
		if _, ok := parseStat([]byte(line)); ok {
			t.Errorf("%q was read", line)
		}
	}
}

func TestWhatChildrenTakeCounts(t *testing.T) {
	before := Self()
	if before.Resident == 0 || before.Largest < before.Resident/2 {
		t.Errorf("this process takes %+v", before)
	}
	child := exec.Command("cat")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	one := Of(child.Process.Pid)
	if with := Self(); one.Resident == 0 || with.Resident <= one.Resident {
		t.Errorf("a child takes %+v, and with this process %+v", one, with)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if gone := Of(child.Process.Pid); gone != (Used{}) {
		t.Errorf("a process that has ended takes %+v", gone)
	}
}
