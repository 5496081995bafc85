package hls

import (
	"fmt"
	"math"
	"sync"
	"time"
)

const (
	keepSegments = 7         // listed at least, once they exist
	keepTargets  = 3         // target durations listed at least, as RFC 8216 asks of a live playlist
	keepGone     = 2         // segments that left the playlist and are still served
	maxBytes     = 128 << 20 // of the whole window
	maxSegment   = 15 * time.Second
	maxParts     = 1024 // of one segment
	gapLength    = 20 * time.Millisecond
	gapSegments  = 7 // before the first one: Apple's players want a playlist that looks full
)

// shape is how media is cut.
type shape struct {
	part       time.Duration // aimed at
	segmentMin time.Duration
}

// file is bytes that a player can ask for, and that do not change once they can be.
type file struct {
	name string
	data [][]byte
}

// part is one partial segment.
type part struct {
	file
	number      uint64 // counts up over all segments
	duration    time.Duration
	independent bool // decoding can begin at its first sample
	size        int
}

// segment is one media segment: whole, or the one that grows.
type segment struct {
	name          string
	sequence      uint64
	parts         []*part
	duration      time.Duration
	size          int
	began         time.Time // by the source's clock
	discontinuity bool
	gap           bool // was announced, and nothing came
	init          file
}

// window is what players can get at the moment. All methods may be called at once.
type window struct {
	shape  shape
	prefix string // of all names, so that a cache never mixes two runs

	mu         sync.Mutex
	changed    chan struct{} // closed and made anew whenever a part is complete
	segments   []*segment    // oldest first; the last one grows, unless closed
	gone       []*segment    // not listed any more
	growing    bool          // the last of segments takes parts
	broken     bool          // the next segment begins with a discontinuity
	sequence   uint64        // of the next segment
	number     uint64        // of the next part
	breaks     uint64        // discontinuities that have left the playlist
	target     time.Duration // EXT-X-TARGETDURATION
	partTarget time.Duration
	master     master
}

// master is what the multivariant playlist says.
type master struct {
	bandwidth     uint64 // bits per second
	codecs        string
	width, height uint16
}

// sequenceEpoch is when media sequence numbers began. A segment lasts a second or about it, so numbers
// that begin with the seconds since then do not go back when the process is started again.
var sequenceEpoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

func newWindow(s shape, now time.Time) *window {
	first := uint64(max(now.Sub(sequenceEpoch), 0) / s.segmentMin)
	return &window{
		shape: s, prefix: fmt.Sprintf("%x", now.UnixMilli()), changed: make(chan struct{}),
		sequence: first + gapSegments, breaks: first, target: time.Second,
	}
}

// describe sets what the multivariant playlist says, and the target duration that is to be expected.
func (w *window) describe(m master, randomAccess time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.master = m
	w.grow(min(randomAccess, maxSegment))
}

// grow raises the target duration to cover d.
func (w *window) grow(d time.Duration) {
	w.target = max(w.target, time.Duration(math.Round(d.Seconds()))*time.Second)
}

// open begins a segment.
func (w *window) open(began time.Time, init []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &segment{
		name: fmt.Sprintf("%s_seg%d.mp4", w.prefix, w.sequence), sequence: w.sequence,
		began: began, discontinuity: w.broken,
	}
	s.init = file{name: fmt.Sprintf("%s_init%d.mp4", w.prefix, w.sequence), data: [][]byte{init}}
	if n := len(w.segments); n > 0 && !w.broken {
		s.init = w.segments[n-1].init
	}
	w.segments = append(w.segments, s)
	w.growing, w.broken = true, false
	w.sequence++
	w.trim()
}

// add completes a part of the segment that grows.
func (w *window) add(p *part) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.segments[len(w.segments)-1]
	p.number = w.number
	p.name = partName(w.prefix, p.number)
	w.number++
	s.parts = append(s.parts, p)
	s.duration += p.duration
	s.size += p.size
	w.grow(s.duration)
	w.partTarget = max(w.partTarget, (p.duration + time.Millisecond - 1).Truncate(time.Millisecond))
	w.wake()
}

// close ends the segment that grows; the next one follows on.
func (w *window) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.growing = false
	w.trim()
	w.wake()
}

// cut ends the segment that grows; the next one begins with a discontinuity. Players are told so at once: some
// hold it against a playlist when the segment that comes next turns out to have one.
func (w *window) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.growing {
		if s := w.segments[len(w.segments)-1]; len(s.parts) == 0 {
			s.gap, s.duration = true, gapLength // players know its number already
		}
	}
	w.growing, w.broken = false, len(w.segments) > 0
	w.trim()
	w.wake()
}

func (w *window) wake() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// trim lets the oldest segments go.
func (w *window) trim() {
	var total time.Duration
	var size int
	for _, s := range w.segments {
		total += s.duration
		size += s.size
	}
	for len(w.segments) > 1 {
		oldest := w.segments[0]
		enough := w.whole() > keepSegments && total-oldest.duration >= keepTargets*w.target
		if !enough && size <= maxBytes {
			return
		}
		if w.segments[1].discontinuity {
			w.breaks++
		}
		total -= oldest.duration
		size -= oldest.size
		w.segments = w.segments[1:]
		w.gone = append(w.gone, oldest)
		w.gone = w.gone[max(0, len(w.gone)-keepGone):]
	}
}

func partName(prefix string, number uint64) string {
	return fmt.Sprintf("%s_part%d.mp4", prefix, number)
}
