package frames

import (
	"slices"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// mostFrames is how many frames of one track are held, whatever their age: 27 minutes of audio in frames of 25 ms, 2 MB.
const mostFrames = 1 << 16

// book is where a recorder writes. When it is full the oldest frames go first, and are counted.
type book struct {
	keep time.Duration

	mu         sync.Mutex
	tracks     []*page
	unreadable uint64
}

// page is a track.
type page struct {
	kind   chunk.Kind
	frames []Frame
	gone   int // of frames, at its beginning
	total  uint64
}

// newBook keeps frames for so long.
func newBook(keep time.Duration) book { return book{keep: keep} }

// page is the n-th track of a kind, from 0; those before it must have been asked for.
func (b *book) page(kind chunk.Kind, n int) *page {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.tracks {
		if p.kind != kind {
			continue
		}
		if n == 0 {
			return p
		}
		n--
	}
	p := &page{kind: kind}
	b.tracks = append(b.tracks, p)
	return p
}

// write notes a frame.
func (b *book) write(p *page, f Frame) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.frames = append(p.frames, f)
	old := f.At - int64(b.keep)
	for len(p.frames)-p.gone > mostFrames || p.frames[p.gone].At < old {
		p.gone++
		p.total++
	}
	if p.gone > len(p.frames)/2 {
		p.frames = append(p.frames[:0], p.frames[p.gone:]...)
		p.gone = 0
	}
}

// spoil counts what could not be read.
func (b *book) spoil(n uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unreadable += n
}

// Recording is what is held now. The caller owns it.
func (b *book) Recording() Recording {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := Recording{Unreadable: b.unreadable}
	for _, p := range b.tracks {
		r.Tracks = append(r.Tracks, Track{Kind: p.kind, Frames: slices.Clone(p.frames[p.gone:]), Forgotten: p.total})
	}
	return r
}
