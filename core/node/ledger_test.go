package node

import (
	"fmt"
	"testing"
)

// spoken are so many frames, each different from the others.
func spoken(who string, count int) [][]byte {
	var frames [][]byte
	for i := range count {
		frames = append(frames, fmt.Appendf(nil, "%s %d", who, i))
	}
	return frames
}

func TestALedgerListsWhatTheOtherEndHasNotHeard(t *testing.T) {
	for _, said := range []int{0, 1, 5, keptFrames, keptFrames + 1, 3*keptFrames + 7} {
		frames := spoken("a", said)
		var here ledger
		for _, f := range frames {
			here.says(f)
		}
		var there tally
		for heard := 0; heard <= said; heard++ {
			missing, ok := here.after(there)
			if kept := said-heard <= keptFrames; ok != kept {
				t.Fatalf("%d of %d heard: %v", heard, said, ok)
			}
			for i, f := range missing {
				if want := frames[heard+i]; string(f) != string(want) {
					t.Fatalf("%d of %d heard: frame %d is %q, not %q", heard, said, i, f, want)
				}
			}
			if ok && len(missing) != said-heard {
				t.Fatalf("%d of %d heard: %d are missing", heard, said, len(missing))
			}
			if heard < said {
				there.add(frames[heard])
			}
		}
	}
}

func TestALedgerKnowsAnotherConversation(t *testing.T) {
	var here ledger
	for _, f := range spoken("a", 10) {
		here.says(f)
	}
	for name, heard := range map[string][][]byte{
		"another's words":       spoken("b", 4),
		"as many, but others":   spoken("b", 10),
		"more than was said":    spoken("a", 11),
		"one frame left out":    spoken("a", 10)[1:],
		"cut at another place":  {[]byte("a 0a"), []byte(" 1")},
		"all, and one of their": append(spoken("a", 10), []byte("b")),
	} {
		var there tally
		for _, f := range heard {
			there.add(f)
		}
		if missing, ok := here.after(there); ok {
			t.Errorf("%s: taken for the same conversation, %d frames missing", name, len(missing))
		}
	}
}
