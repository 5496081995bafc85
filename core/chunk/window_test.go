package chunk

import (
	"errors"
	"math/rand/v2"
	"testing"
)

func TestWindowAgreesWithAMap(t *testing.T) {
	const seed = 20260802
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 20 {
		var w Window
		held := map[uint64]bool{}
		near := rng.Uint64N(1 << 50)
		for range 400 {
			n := near + rng.Uint64N(2000) - min(near, 600)
			switch rng.IntN(8) {
			case 0:
				w.Remove(n)
				delete(held, n)
			case 1:
				if rng.IntN(10) == 0 {
					w.Advance(n)
				}
			case 2:
				if rng.IntN(20) == 0 {
					near += rng.Uint64N(3 * MaxWindow)
				}
			default:
				empty := len(w.Words()) == 0
				below := n < w.Base()
				if got, want := w.Add(n), (empty || !below) && !held[n]; got != want {
					t.Fatalf("Add(%d) = %v, base %d, held %v", n, got, w.Base(), held[n])
				}
				if empty || !below {
					held[n] = true
				}
			}
			for m := range held { // order-free: each is dropped on its own
				if m < w.Base() {
					delete(held, m)
				}
			}
			agree(t, &w, held)
		}
	}
}

func agree(t *testing.T, w *Window, held map[uint64]bool) {
	t.Helper()
	if w.Base()%64 != 0 || len(w.Words()) > MaxWindow/64 {
		t.Fatalf("base %d, %d words", w.Base(), len(w.Words()))
	}
	end := w.Base()
	for n := range held { // order-free: a maximum
		end = max(end, n+1)
		if !w.Has(n) {
			t.Fatalf("%d is missing", n)
		}
	}
	if w.Count() != len(held) || w.End() != end {
		t.Fatalf("count %d, end %d; want %d, %d", w.Count(), w.End(), len(held), end)
	}
	if w.Has(end) || w.Has(w.Base()-1) || w.Has(1<<64-1) {
		t.Fatal("holds what it cannot")
	}
}

func TestWindowMovesUpToTakeAFarNumber(t *testing.T) {
	var w Window
	w.Add(100)
	w.Add(200)
	if !w.Add(100+MaxWindow) || w.Has(100) || !w.Has(200) {
		t.Errorf("base %d, 100 held %v, 200 held %v", w.Base(), w.Has(100), w.Has(200))
	}
	if !w.Add(1<<62) || w.Count() != 1 {
		t.Errorf("count %d after a leap", w.Count())
	}
}

func TestWindowSetRefusesWhatIsNoSnapshot(t *testing.T) {
	var w Window
	w.Add(7)
	if err := w.Set(32, nil); !errors.Is(err, ErrFormat) {
		t.Errorf("a base that is not a multiple of 64: %v", err)
	}
	if err := w.Set(64, make([]uint64, MaxWindow/64+1)); !errors.Is(err, ErrLimit) {
		t.Errorf("too many words: %v", err)
	}
	if !w.Has(7) || w.Count() != 1 {
		t.Error("a refused snapshot changed the window")
	}
	words := []uint64{5}
	if err := w.Set(64, words); err != nil || !w.Has(64) || !w.Has(66) || w.Count() != 2 {
		t.Errorf("a snapshot was not taken: %v", err)
	}
	if words[0] = 0; !w.Has(64) {
		t.Error("the words were not copied")
	}
}
