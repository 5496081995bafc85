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
	part      *part         // that grows; nil for none
	most      time.Duration // the longest part, once one is known; 0 before
	began     time.Duration // media time at which the segment began
	at        time.Duration // media time up to which parts are complete
	end       time.Duration // media time at which the newest group ends
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
	b.endPart(b.end)
	b.window.cut()
	b.inSegment = false
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
		if g.Time-b.at >= slack {
			b.endPart(g.Time)
		} // else the part is the last sound before g, of no time of its own: it goes before g
		b.window.close()
		b.open(g)
	case b.part != nil && b.most != 0 && g.Time+g.Span-b.at > b.most+slack:
		b.endPart(g.Time)
	}
	b.add(g, random)
	length = b.end - b.at
	if b.most == 0 && length >= b.window.shape.part-slack {
		b.most = length
	}
	if b.most != 0 && length >= b.most-slack {
		b.endPart(b.end) // at once, not when the next group comes
	}
}

func (b *builder) add(g *chunk.Group, random bool) {
	if b.part == nil {
		b.part = &part{}
	}
	if b.at == b.began {
		b.part.independent = b.part.independent || random
	}
	b.part.data = append(b.part.data, g.Payload)
	b.part.size += len(g.Payload)
	b.size += len(g.Payload)
	b.end = max(b.end, g.Time+g.Span)
}

func (b *builder) open(g *chunk.Group) {
	b.window.open(b.clock.At(g.Time), b.tracker.Descriptor().Init)
	b.began, b.at, b.end, b.inSegment, b.size, b.parts = g.Time, g.Time, g.Time, true, 0, 0
}

// endPart completes the part that grows, which ends at a media time.
func (b *builder) endPart(at time.Duration) {
	if b.part == nil {
		return
	}
	b.part.duration = max(at-b.at, slack)
	b.at += b.part.duration
	b.window.add(b.part)
	b.part = nil
	b.parts++
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
