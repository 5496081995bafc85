package frames

import "slices"

// pair finds, for every frame of the output, the one of the input that it is, -1 for none, such that as many as possible are
// paired, in order and each once, and of those ways the one by which they are nearest to their times. It is the heaviest common
// subsequence (Hunt and Szymanski, 1977), of frames with equal bytes that are nearby in time: silence, whose frames are all
// alike, can so be no disorder.
func (m *matcher) pair(out []Frame, shifts [][]shift) []int {
	var chains []chain
	best := make(ranking, len(m.in)+1)
	for i := range best {
		best[i] = -1
	}
	for i := range out {
		begin := len(chains)
		for _, j := range m.same(&out[i]) {
			s := shifts[i][m.lineOf[j]]
			off := distance(m.in[j].Time, out[i].Time+s.offset)
			if !s.known || off > nearby {
				continue
			}
			n := chain{out: i, in: j, before: best.before(chains, j), count: 1, off: off}
			if n.before >= 0 {
				n.count += chains[n.before].count
				n.off += chains[n.before].off
			}
			chains = append(chains, n)
		}
		for k := begin; k < len(chains); k++ { // behind its rivals, so that none follows another of the same frame
			best.enter(chains, k)
		}
	}
	pairs := slices.Repeat([]int{-1}, len(out))
	for k := best.before(chains, len(m.in)); k >= 0; k = chains[k].before {
		pairs[chains[k].out] = chains[k].in
	}
	return pairs
}

// chain is pairs in order, by its last.
type chain struct {
	out, in int
	before  int   // index of the chain without it, -1 for none
	count   int   // pairs in all
	off     int64 // by how much they are off their times, in sum
}

// better tells that chain a is to be preferred to chain b; -1 is none.
func better(chains []chain, a, b int) bool {
	switch {
	case a < 0 || b < 0:
		return b < 0 && a >= 0
	case chains[a].count != chains[b].count:
		return chains[a].count > chains[b].count
	}
	return chains[a].off < chains[b].off
}

// ranking knows the best chain that ends before a frame of the input: a Fenwick tree of indices of chains.
type ranking []int

// before is the best that ends before frame in, -1 for none.
func (r ranking) before(chains []chain, in int) int {
	best := -1
	for i := in; i > 0; i &= i - 1 {
		if better(chains, r[i], best) {
			best = r[i]
		}
	}
	return best
}

// enter takes note of chain k.
func (r ranking) enter(chains []chain, k int) {
	for i := chains[k].in + 1; i < len(r); i += i & -i {
		if better(chains, k, r[i]) {
			r[i] = k
		}
	}
}
