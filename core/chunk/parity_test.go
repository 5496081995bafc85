package chunk

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestParityIsAtMostAShareRoundedUp(t *testing.T) {
	for _, tt := range []struct {
		name              string
		share, data, size int
		want              int
	}{
		{"none", 0, 26, 26_000, 0},
		{"a group of one chunk gets a copy of it", 7, 1, 500, 1},
		{"exactly a share", 8, 25, 25_000, 2},
		{"one above it", 8, 26, 26_000, 3},
		{"two for 26", 7, 26, 26_000, 2},
		{"all of it", 100, 26, 26_000, 26},
		{"more than there is", 300, 26, 26_000, 26},
		{"as many as coding may cost", 8, 8000, 8000 * 1000, 16},
		{"as many as coding may cost, of short slices", 100, 8000, 16_000, 65},
		{"as many as one byte can say", 100, 200, 200_000, 127},
		{"no more than numbers for them", 10, MaxChunks - 3, 2 * (MaxChunks - 3), 3},
	} {
		got := ParityChunks(tt.share, tt.data, tt.size)
		if got != tt.want {
			t.Errorf("%s: %d of %d data chunks, want %d", tt.name, got, tt.data, tt.want)
		}
		h := GroupHeader{Data: uint16(tt.data), Parity: uint16(got), Size: uint32(tt.size)}
		if err := h.Restorable(); err != nil || h.Total() > MaxChunks {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestRestorableKeepsTheLimits(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    GroupHeader
		want error
	}{
		{"no parity", GroupHeader{Data: 9001, Size: 9001 * 899}, nil},
		{"as much as data", GroupHeader{Data: 26, Parity: 26, Size: 26}, nil},
		{"more than data", GroupHeader{Data: 26, Parity: 27, Size: 26}, ErrLimit},
		{"as many as bytes, of odd slices", GroupHeader{Data: 240, Parity: 16, Size: 240 * 9}, nil},
		{"one more, of odd slices", GroupHeader{Data: 241, Parity: 16, Size: 241 * 9}, ErrFormat},
		{"one more, of even slices", GroupHeader{Data: 241, Parity: 16, Size: 241 * 8}, nil},
		{"as many as one byte can say", GroupHeader{Data: 200, Parity: 127, Size: 200 * 10}, nil},
		{"one more", GroupHeader{Data: 200, Parity: 128, Size: 200 * 10}, ErrLimit},
		{"as costly as may be", GroupHeader{Data: 2048, Parity: 64, Size: 2048 * 1024}, nil},
		{"too costly", GroupHeader{Data: 2048, Parity: 65, Size: 2048 * 1024}, ErrLimit},
		{"too costly, of short slices", GroupHeader{Data: 8192, Parity: 65, Size: 8192 * 2}, ErrLimit},
	} {
		if err := tt.h.Restorable(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// deal gives a group of so many data chunks of 900 bytes its parity, and reports what restorers would refuse.
func deal(t *testing.T, s *ParityShare, data int, access bool) GroupHeader {
	t.Helper()
	h := GroupHeader{Data: uint16(data), Size: uint32(data * 900), RandomAccess: access}
	h.Parity = uint16(s.Chunks(&h, data))
	s.Deal(&h)
	if h.Valid() != nil || h.Restorable() != nil || int(h.Parity) > ParityChunks(s.percent, data, int(h.Size)) {
		t.Errorf("%d %%: %d parity chunks for %d: %v, %v", s.percent, h.Parity, data, h.Valid(), h.Restorable())
	}
	return h
}

func TestGroupsHaveTogetherTheShareThatWasAsked(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	for _, tt := range []struct {
		name string
		size func() int
	}{
		{"groups of one", func() int { return 1 }},
		{"groups of 8", func() int { return 8 }},
		{"groups of 34", func() int { return 34 }},
		{"groups of any size", func() int { return 1 + random.IntN(MaxParityChunks) }},
	} {
		for _, percent := range []int{1, 6, 7, 8, 12, 50, 99, 100} {
			for _, every := range []int{0, 1, 2, 10, 40} { // from one random access to the next; 0 for none
				s := NewParityShare(percent)
				data, parity := 0, 0
				for i := range 200 {
					h := deal(t, &s, tt.size(), every > 0 && i%every == 0)
					data, parity = data+int(h.Data), parity+int(h.Parity)
					if off := data*percent - 100*parity; off < -100 || off > 100 {
						t.Fatalf("%s, %d %%, random access every %d: after %d %d data and %d parity chunks", tt.name, percent, every, i+1, data, parity)
					}
				}
			}
		}
	}
}

func TestRandomAccessComesFirstInParity(t *testing.T) {
	for _, tt := range []struct {
		name          string
		percent, data int
		every         int // from one random access to the next
		want          []int
	}{
		{"the others make up for it", 8, 8, 5, []int{1, 0, 0, 1, 1, 1, 0, 1, 0, 1}},
		{"the others have nothing", 6, 3, 5, []int{1, 0, 0, 0, 0, 1, 0, 0, 0, 0}},
		{"all are alike", 8, 8, 1, []int{1, 1, 0, 1, 1, 0, 1, 1, 0, 1}},
	} {
		s := NewParityShare(tt.percent)
		var got []int
		for i := range 10 {
			h := deal(t, &s, tt.data, i%tt.every == 0)
			got = append(got, int(h.Parity))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestWhatALimitWithholdsIsNotGivenToOthers(t *testing.T) {
	s := NewParityShare(100)
	if h := deal(t, &s, 4000, true); int(h.Parity) > MaxParityChunks {
		t.Fatalf("%d parity chunks", h.Parity)
	}
	s = NewParityShare(8)
	deal(t, &s, 8000, true) // 640 wanted
	if h := deal(t, &s, 26, false); h.Parity != 3 {
		t.Errorf("%d parity chunks for 26 after a group that had too few, want 3", h.Parity)
	}
	if h := deal(t, &s, 26, false); h.Parity != 2 {
		t.Errorf("%d parity chunks for 26 after it, want 2", h.Parity)
	}
}

func FuzzParityShare(f *testing.F) {
	f.Add(8, []byte{8, 8, 8, 34, 200})
	f.Add(100, []byte{255, 255, 1, 2, 3})
	f.Fuzz(func(t *testing.T, percent int, groups []byte) {
		s, again := NewParityShare(percent), NewParityShare(percent)
		for _, b := range groups { // the lowest bit is random access, the others are the size, some beyond the limits
			n := 1 + int(b>>1)*int(b>>1)
			h := deal(t, &s, min(n, MaxGroupSize/900), b&1 == 1)
			if s.carry < -maxParityDebt || s.carry > 99 {
				t.Fatalf("%d hundredths are carried", s.carry)
			}
			if other := deal(t, &again, int(h.Data), h.RandomAccess); other != h {
				t.Fatalf("%+v, and %+v the second time", h, other)
			}
		}
	})
}
