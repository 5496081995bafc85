package frames

import (
	"slices"

	"github.com/shoal-live/shoal/core/chunk"
)

// Compare says how what was played out differs from what was put in. Both recordings are read only.
//
// What only one side recorded does not count: the output is compared where the input was recorded, and the input is searched for
// missing frames between the first and the last that were played out.
func Compare(in, out *Recording) Result {
	r := Result{InputUnreadable: in.Unreadable, OutputUnreadable: out.Unreadable}
	for _, kind := range []chunk.Kind{chunk.Video, chunk.Audio} {
		for n := 0; ; n++ {
			a, b := in.track(kind, n), out.track(kind, n)
			if a == nil && b == nil {
				break
			}
			t := TrackResult{Kind: kind.String()}
			t.compare(frames(a), frames(b))
			r.Tracks = append(r.Tracks, t)
		}
	}
	return r
}

// frames are those of a track, which may be none.
func frames(t *Track) []Frame {
	if t == nil {
		return nil
	}
	return t.Frames
}

// compare fills r.
func (r *TrackResult) compare(in, out []Frame) {
	r.Input = len(in)
	m := newMatcher(in, r)
	shifts := make([][]shift, 0, len(out)) // of each frame
	for from := 0; from < len(out); from = len(shifts) {
		to := from + 1
		for to < len(out) && out[to].Epoch == out[from].Epoch {
			to++
		}
		shifts = append(shifts, slices.Repeat([][]shift{m.align(out[from:to])}, to-from)...)
	}
	pairs := m.pair(out, shifts)
	for _, i := range pairs {
		if i >= 0 {
			m.use(i)
		}
	}
	var now []shift // where the frames of the epoch were found last
	for i := range out {
		if i == 0 || out[i].Epoch != out[i-1].Epoch {
			now = slices.Clone(shifts[i])
		}
		if pairs[i] < 0 {
			m.judge(&out[i], now)
			continue
		}
		n := m.lineOf[pairs[i]]
		now[n].offset = m.in[pairs[i]].Time - out[i].Time
		m.accept(pairs[i], &out[i], now[n].offset-shifts[i][n].offset)
	}
	m.finish()
}

// matcher pairs the frames of one track.
type matcher struct {
	in     []Frame
	lines  []*line
	lineOf []int // by index of the input
	equals map[bytesOf][]int
	used   []bool
	first  int // that is used; -1 for none
	last   int
	delays []int64
	result *TrackResult
}

// bytesOf stands for the bytes of a frame.
type bytesOf struct {
	size uint32
	hash uint64
}

func newMatcher(in []Frame, r *TrackResult) *matcher {
	m := &matcher{
		in: in, lines: lines(in), lineOf: make([]int, len(in)), used: make([]bool, len(in)), equals: make(map[bytesOf][]int),
		first: -1, last: -1, result: r,
	}
	for n, l := range m.lines {
		for _, i := range l.byTime {
			m.lineOf[i] = n
		}
	}
	for i := range in {
		k := bytesOf{in[i].Size, in[i].Hash}
		m.equals[k] = append(m.equals[k], i)
	}
	return m
}

// same are the frames of the input with the bytes of f.
func (m *matcher) same(f *Frame) []int { return m.equals[bytesOf{f.Size, f.Hash}] }

// accept takes f for frame i of the input, off by so much from where most are.
func (m *matcher) accept(i int, f *Frame, off int64) {
	m.result.Compared++
	m.result.Equal++
	m.delays = append(m.delays, f.At-m.in[i].At)
	if distance(off, 0) > exact {
		m.result.Retimed++
		if m.result.Kind == chunk.Video.String() {
			m.result.note("retimed", f)
		}
	}
}

// judge says what is wrong with a frame that has no pair.
func (m *matcher) judge(f *Frame, now []shift) {
	at, inside := m.at(f, now)
	fresh, again := m.elsewhere(f, now)
	switch {
	case fresh >= 0:
		m.use(fresh)
		m.result.OutOfOrder++
		m.result.note("out of order", f)
	case at >= 0:
		m.use(at)
		m.result.Altered++
		m.result.note("altered", f)
	case again:
		m.result.Duplicated++
		m.result.note("duplicated", f)
	case inside:
		m.result.Foreign++
		m.result.note("foreign", f)
	default:
		m.result.Outside++
		return
	}
	m.result.Compared++
}

// at is the frame of the input at the time of f that is none of the output, -1 when there is none. inside tells that the input
// was recorded then.
func (m *matcher) at(f *Frame, now []shift) (at int, inside bool) {
	for n, l := range m.lines {
		t := f.Time + now[n].offset
		if !l.spans(m.in, t, within) {
			continue
		}
		inside = true
		if i := l.nearest(m.in, t); i >= 0 && now[n].known && !m.used[i] {
			return i, true
		}
	}
	return -1, inside
}

// elsewhere looks for the bytes of f near its time: fresh is a frame that is none of the output, -1 when there is none; again
// tells of one that is.
func (m *matcher) elsewhere(f *Frame, now []shift) (fresh int, again bool) {
	fresh = -1
	for _, i := range m.same(f) {
		switch s := now[m.lineOf[i]]; {
		case !s.known || distance(m.in[i].Time, f.Time+s.offset) > nearby:
		case m.used[i]:
			again = true
		case fresh < 0:
			fresh = i
		}
	}
	return fresh, again
}

func (m *matcher) use(i int) {
	m.used[i] = true
	if m.first < 0 || i < m.first {
		m.first = i
	}
	m.last = max(m.last, i)
}

// finish counts what is missing.
func (m *matcher) finish() {
	for i := max(m.first, 0); i < m.last; i++ {
		if !m.used[i] {
			m.result.Missing++
			m.result.note("missing", &m.in[i])
		}
	}
	m.result.Delay = distribution(m.delays)
}
