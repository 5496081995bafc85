package report

import "testing"

func FuzzHistogramsTravelAsTheyAre(f *testing.F) {
	var some Histogram
	for _, us := range []int64{0, 1, 31, 32, 1000, 1000, 5_000_000, 1 << 40} {
		some.Add(us)
	}
	for _, h := range []Histogram{{}, some} {
		b, err := h.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		var got Histogram
		if err := got.UnmarshalBinary(b); err != nil || got != h {
			f.Fatalf("%v: %d samples arrived as %d", err, h.Count(), got.Count())
		}
		f.Add(b)
	}
	f.Add([]byte{0, 1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var h, again Histogram
		if h.UnmarshalBinary(b) != nil {
			return
		}
		written, err := h.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := again.UnmarshalBinary(written); err != nil || again != h {
			t.Fatalf("%x was written as %x, which is another: %v", b, written, err)
		}
	})
}
