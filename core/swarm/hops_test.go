package swarm

import (
	"errors"
	"slices"
	"testing"

	"github.com/shoal-live/shoal/core/chunk"
)

func TestHopsKeepOneFigureASubstream(t *testing.T) {
	var h Hops
	for k := range chunk.MaxSubstreams {
		h.Set(k, k%16)
	}
	h.Set(5, 9)
	for k := range chunk.MaxSubstreams {
		want := k % 16
		if k == 5 {
			want = 9
		}
		if got := h.At(k); got != want {
			t.Errorf("substream %d: %d hops, want %d", k, got, want)
		}
	}
	h.Set(-1, 3)
	h.Set(chunk.MaxSubstreams, 3)
	h.Set(0, 99)
	h.Set(1, -4)
	if h.At(0) != MostHops || h.At(1) != 0 || h.At(-1) != 0 || h.At(chunk.MaxSubstreams) != 0 {
		t.Errorf("beyond the bounds: %v", h)
	}
}

func TestHopsCountTheSubstreamsThatReachThePeer(t *testing.T) {
	var h Hops
	for k, want := 0, 0; k < chunk.MaxSubstreams; k++ {
		h.Set(k, k%16)
		if k%16 > 0 {
			want++
		}
		if got := h.Reached(); got != want {
			t.Errorf("up to substream %d: %d are reached, want %d", k, got, want)
		}
	}
}

func hops(at ...int) (h Hops) {
	for k, n := range at {
		h.Set(k, n)
	}
	return h
}

func TestFartherIsWhatThoseFedMustKnowAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		before, after Hops
		want          bool
	}{
		"the same":              {hops(2, 3, 0), hops(2, 3, 0), false},
		"nearer":                {hops(2, 3, 0), hops(2, 2, 0), false},
		"farther":               {hops(2, 3, 0), hops(2, 4, 0), true},
		"pushed no more":        {hops(2, 3, 0), hops(2, 0, 0), true},
		"pushed from now on":    {hops(2, 3, 0), hops(2, 3, 5), true},
		"one nearer, one not":   {hops(4, 3, 0), hops(2, 5, 0), true},
		"in the last substream": {Hops{}, Hops{3: 1 << 60}, true},
	} {
		if got := c.after.Farther(&c.before); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestOfSomeSubstreamsTheOthersDoNotMatter(t *testing.T) {
	for name, c := range map[string]struct {
		before, after   Hops
		farther, differ bool
	}{
		"the same":       {hops(2, 3, 4, 5), hops(2, 3, 4, 5), false, false},
		"one of them":    {hops(2, 3, 4, 5), hops(2, 3, 4, 6), true, true},
		"nearer":         {hops(2, 3, 4, 5), hops(2, 2, 4, 5), false, true},
		"another":        {hops(2, 3, 4, 5), hops(9, 3, 0, 5), false, false},
		"pushed no more": {hops(2, 3, 4, 5), hops(2, 0, 4, 5), true, true},
		"the last":       {Hops{}, Hops{3: 1 << 60}, true, true},
	} {
		const set = 1<<63 | 1<<3 | 1<<1
		if got := c.after.FartherIn(set, &c.before); got != c.farther {
			t.Errorf("%s: farther %v", name, got)
		}
		if got := c.after.DifferIn(set, &c.before); got != c.differ {
			t.Errorf("%s: different %v", name, got)
		}
	}
}

func TestHopsTravelWithoutTheWordsThatSayNothing(t *testing.T) {
	h := Hops{7, 0, 9, 0}
	if got := h.Words(); !slices.Equal(got, []uint64{7, 0, 9}) {
		t.Errorf("words %v", got)
	}
	for bad, want := range map[string]error{
		"\x01\x00":                 chunk.ErrFormat, // a word of 0 at the end
		"\x05\x01\x01\x01\x01\x01": chunk.ErrLimit,
		"\x02\x01":                 chunk.ErrFormat, // a word is missing
	} {
		frame := append([]byte{byte(TypeStatus), 0, 0, 0, 0, 0, 0, 0}, bad...)
		if _, err := Parse(frame); !errors.Is(err, want) {
			t.Errorf("%x: %v, want %v", bad, err, want)
		}
	}
}
