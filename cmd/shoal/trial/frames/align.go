package frames

import (
	"cmp"
	"slices"
	"time"
)

// What the comparison takes for the same time.
const (
	exact   = int64(time.Millisecond)       // of where most frames are
	within  = int64(4 * time.Millisecond)   // of where the frame before was
	nearby  = int64(250 * time.Millisecond) // of where most frames are: a frame is looked for by its bytes
	reach   = int64(2 * time.Second)        // by which the zeros of the two sides may differ; no clip loops as fast
	bucket  = int64(time.Millisecond)       // by which distances are told apart
	ballots = 256                           // frames of the output that vote
)

// line is the frames of one epoch of the input.
type line struct {
	byTime []int // indices of the input
}

// lines are those of an input.
func lines(in []Frame) []*line {
	var list []*line
	for i := range in {
		if i == 0 || in[i].Epoch != in[i-1].Epoch {
			list = append(list, &line{})
		}
		l := list[len(list)-1]
		l.byTime = append(l.byTime, i)
	}
	for _, l := range list {
		slices.SortStableFunc(l.byTime, func(a, b int) int { return cmp.Compare(in[a].Time, in[b].Time) })
	}
	return list
}

// spans tells that the line was recorded at about t.
func (l *line) spans(in []Frame, t, slack int64) bool {
	return t >= in[l.byTime[0]].Time-slack && t <= in[l.byTime[len(l.byTime)-1]].Time+slack
}

// nearest is the index of the frame nearest to t, -1 when none is at that time.
func (l *line) nearest(in []Frame, t int64) int {
	k, _ := slices.BinarySearchFunc(l.byTime, t, func(i int, t int64) int { return cmp.Compare(in[i].Time, t) })
	best := -1
	for _, k := range []int{k - 1, k} {
		if k < 0 || k >= len(l.byTime) {
			continue
		}
		i := l.byTime[k]
		if off := distance(in[i].Time, t); off <= within && (best < 0 || off < distance(in[best].Time, t)) {
			best = i
		}
	}
	return best
}

// shift is how an epoch of the output lies to a line.
type shift struct {
	offset int64 // input's time less the output's
	known  bool  // else no frame of the one is in the other, and offset is 0
}

// align finds how an epoch of the output lies to every line.
func (m *matcher) align(out []Frame) []shift {
	list := make([]shift, len(m.lines))
	for n := range m.lines {
		list[n] = m.vote(n, out)
	}
	return list
}

// vote finds the offset of line n by which most frames have equal bytes, and of those that have as many, the least.
func (m *matcher) vote(n int, out []Frame) (s shift) {
	type tally struct {
		count  int
		offset int64 // of the last
	}
	votes := make(map[int64]tally) // by buckets
	left := ballots
	for i := range out {
		f := &out[i]
		if !m.lines[n].spans(m.in, f.Time, reach) {
			continue
		}
		if left--; left < 0 {
			break
		}
		for _, j := range m.same(f) {
			if off := m.in[j].Time - f.Time; m.lineOf[j] == n && distance(off, 0) <= reach {
				b := floor(off, bucket)
				votes[b] = tally{votes[b].count + 1, off}
			}
		}
	}
	most := 0
	for b, v := range votes { // order-free: ties go to the least offset, and then to the lower
		count := v.count + votes[b+1].count // what lies at a border is in two
		if count > most || count == most && closer(v.offset, s.offset) {
			most, s = count, shift{v.offset, true}
		}
	}
	return s
}

func closer(a, b int64) bool {
	if x, y := max(a, -a), max(b, -b); x != y {
		return x < y
	}
	return a < b
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

// floor divides towards minus infinity.
func floor(a, by int64) int64 {
	q := a / by
	if a%by < 0 {
		q--
	}
	return q
}
