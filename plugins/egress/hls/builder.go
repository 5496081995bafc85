package hls

import (
	"log/slog"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/feed"
)

const (
	// slack covers rounding of spans to microseconds, and a key frame that comes a little early.
	slack        = time.Millisecond
	segmentSlack = 100 * time.Millisecond
)

// builder cuts groups into parts and segments. It belongs to the goroutine that reads the feed.
type builder struct {
	window *window
	log    *slog.Logger

	tracker   feed.Tracker
	clock     feed.Clock
	fresh     bool          // the next segment begins with a discontinuity
	part      *part         // that grows; nil for none
	most      time.Duration // the longest part, once one is known; 0 before
	began     time.Duration // media time at which the segment began
	inSegment bool
	size      int // bytes of the segment
	parts     int // of the segment
}

func (b *builder) take(item egress.Item) {
	switch item := item.(type) {
	case egress.Begin:
		b.cut()
		b.clock.Reset()
		b.most = 0
		if err := b.tracker.Begin(item.Descriptor); err != nil {
			b.log.Warn("hls: passed over", "error", err)
			return
		}
		b.window.describe(describe(item.Descriptor), item.Descriptor.RandomAccess)
	case egress.Gap:
		b.lost()
	case egress.Media:
		use, _, err := b.tracker.Media(&item.Group)
		if err != nil {
			b.log.Warn("hls: passed over", "error", err)
			b.lost()
			return
		}
		if use == feed.Whole {
			b.media(&item.Group)
		}
	}
}

// lost ends the segment: what follows begins at a random-access group. Players that find no video in between would
// stop there anyway, so audio alone is not served.
func (b *builder) lost() {
	b.cut()
	b.tracker.Gap()
}

// cut ends part and segment; the next one does not follow on in time.
func (b *builder) cut() {
	b.endPart()
	b.window.close()
	b.inSegment, b.fresh = false, true
}

func (b *builder) media(g *chunk.Group) {
	b.clock.Observe(&g.GroupHeader)
	random := g.RandomAccess || !b.tracker.HasVideo()
	length := g.Time - b.began
	switch {
	case !b.inSegment:
		if !random {
			return
		}
		b.open(g)
	case random && length >= b.window.shape.segmentMin-segmentSlack, length+g.Span > maxSegment,
		b.size+len(g.Payload) > maxBytes/4, b.parts >= maxParts:
		b.endPart()
		b.window.close()
		b.open(g)
	case b.part != nil && b.full(g.Span):
		b.endPart()
	}
	if b.part == nil {
		b.part = &part{independent: random}
	}
	b.part.data = append(b.part.data, g.Payload)
	b.part.duration += g.Span
	b.part.size += len(g.Payload)
	b.size += len(g.Payload)
	if b.part.duration >= b.window.shape.part-slack && b.most == 0 {
		b.most = b.part.duration
	}
	if b.most != 0 && b.part.duration >= b.most-slack {
		b.endPart() // at once, not when the next group comes
	}
}

// full reports whether a group of span makes the part longer than parts are.
func (b *builder) full(span time.Duration) bool {
	return b.most != 0 && b.part.duration+span > b.most+slack
}

func (b *builder) open(g *chunk.Group) {
	b.window.open(b.clock.At(g.Time), b.tracker.Descriptor().Init, b.fresh)
	b.began, b.inSegment, b.fresh, b.size, b.parts = g.Time, true, false, 0, 0
}

func (b *builder) endPart() {
	if b.part != nil {
		b.window.add(b.part)
		b.part = nil
		b.parts++
	}
}

// describe is what the multivariant playlist says of a stream.
func describe(d *chunk.Descriptor) master {
	m := master{bandwidth: d.Bitrate}
	var names []string
	for _, t := range d.Tracks {
		names = append(names, t.Codec)
		if t.Kind == chunk.Video {
			m.width, m.height = t.Width, t.Height
		}
	}
	m.codecs = strings.Join(names, ",")
	return m
}
