package budget

import (
	"cmp"
	"math/bits"
	"slices"
	"time"
)

// What a gauge makes of its samples. Exact ones count where three agree, unless as many others say that there is more: then, and as
// long as there are fewer, the uplink carries at least what those say.

// read is the sample in the middle of those that count; ok is false while there are too few.
func (g *gauge) read(now time.Duration) (s sample, ok bool) {
	var exact, least [gaugeKeeps]sample
	n, m := 0, 0
	for _, s := range g.samples {
		switch {
		case s.rate == 0 || now-s.at > gaugeFresh:
		case s.bound == exactly:
			exact[n] = s
			n++
		default:
			least[m] = s
			m++
		}
	}
	byRate := func(a, b sample) int { return cmp.Compare(a.rate, b.rate) }
	slices.SortFunc(exact[:n], byRate)
	slices.SortFunc(least[:m], byRate)
	if n >= gaugeNeeds {
		s = exact[n/2]
		against := 0
		for _, l := range least[:m] {
			if l.rate > s.rate {
				against++
			}
		}
		if against < n {
			if !agree(exact[:n]) { // it is not a queue that delays, but a busy machine or the air
				s.rate, s.bound = exact[n/4].rate, atLeast
			}
			return s, true
		}
	}
	switch {
	case m > 0 && (m >= n || n+m < gaugeNeeds):
		return least[(m-1)/2], true
	case n+m < gaugeNeeds:
		return sample{}, false
	}
	s = exact[n/4]
	s.bound = atLeast
	return s, true
}

// knows reports whether an uplink is read exactly.
func (g *gauge) knows(now time.Duration) bool {
	s, ok := g.read(now)
	return ok && s.bound == exactly
}

// agree reports whether more than half of some samples, ascending, are within a third of one another.
func agree(s []sample) bool {
	half := max(len(s)/2+1, min(len(s), 4))
	for i := 0; i+half <= len(s); i++ {
		if s[i+half-1].rate <= s[i].rate+s[i].rate/3 {
			return true
		}
	}
	return false
}

// between is the cost of a byte at which a queue delays by d: from cost on, where that is fast, to the next slower of gaugeCosts, where
// it is slow. A queue that is busy for much of the time delays by a power of what a byte costs, so the logarithm of the cost goes
// from one to the other as that of the delay does.
func between(cost, d, fast, slow int64) int64 {
	x := one * (d - fast) / (slow - fast)
	if fast > 0 {
		x = one * (log2(d) - log2(fast)) / max(log2(slow)-log2(fast), 1)
	}
	// 1.3 to the power of x, to one part in 5,000: the first terms of its series.
	power := one + x*(17_194+x*(2_255+x*197/one)/one)/one
	return cost * power / one
}

// one is the unit of fractions.
const one = 1 << 16

// log2 is the logarithm of v, which is above 0 and below 1<<31, in parts of one.
func log2(v int64) int64 {
	n := bits.Len64(uint64(v)) - 1
	m, log := uint64(v)<<(31-n), int64(n)*one // m is from 1<<31 to below 1<<32
	for bit := int64(one) / 2; bit > 0; bit /= 2 {
		m = m * m >> 31
		if m >= 1<<32 {
			m >>= 1
			log += bit
		}
	}
	return log
}
