package hls

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"

	"github.com/shoal-live/shoal/core/ingest"
)

// position is a place in a playlist: a segment, by its number, and a part within it.
type position struct{ segment, part int }

// entry is one piece that a playlist lists: a segment or a part of one.
type entry struct {
	resource
	next     position  // where reading goes on
	captured time.Time // zero when unknown
	breaks   bool      // EXT-X-DISCONTINUITY stands before it
	gap      bool      // it is not there and never will be
}

// errBehind means that the server has dropped what was to be read next.
var errBehind = errors.New("the server has dropped what was to be read next: this reader or the network is too slow for it")

// lists tells that parts are to be read, as the playlist comes to hold them.
func lists(p *playlist.Media) bool {
	return p.ServerControl != nil && p.ServerControl.CanBlockReload && p.PartInf != nil
}

// entries are the pieces of p from from on. base is where p came from.
func entries(p *playlist.Media, base *url.URL, from position) ([]entry, error) {
	if p.MediaSequence > from.segment {
		return nil, errBehind
	}
	w := walker{base: base, from: from}
	for i, s := range p.Segments {
		if s.DateTime != nil {
			w.clock = *s.DateTime
		}
		if err := w.segment(p, p.MediaSequence+i, s); err != nil {
			return nil, err
		}
		if !w.clock.IsZero() {
			w.clock = w.clock.Add(s.Duration)
		}
	}
	if lists(p) {
		if err := w.parts(p.MediaSequence+len(p.Segments), p.Parts); err != nil {
			return nil, err
		}
	}
	return w.entries, nil
}

// walker gathers entries.
type walker struct {
	base    *url.URL
	from    position
	clock   time.Time // when the segment was captured
	offset  uint64    // where a range begins that does not say it
	entries []entry
}

func (w *walker) segment(p *playlist.Media, number int, s *playlist.MediaSegment) error {
	if number < w.from.segment {
		return nil
	}
	if s.Key != nil && s.Key.Method != playlist.MediaKeyMethodNone {
		return fmt.Errorf("%w: its segments are encrypted (%s)", ingest.ErrCodec, s.Key.Method)
	}
	first := len(w.entries)
	switch {
	case lists(p) && len(s.Parts) > 0:
		if err := w.parts(number, s.Parts); err != nil {
			return err
		}
	case number == w.from.segment && w.from.part > 0:
		return errBehind
	default:
		e, err := w.entry(s.URI, s.ByteRangeStart, s.ByteRangeLength)
		if err != nil {
			return err
		}
		e.captured, e.gap = w.clock, s.Gap
		w.entries = append(w.entries, e)
	}
	if n := len(w.entries); n > first {
		w.entries[first].breaks = s.Discontinuity && (number > w.from.segment || w.from.part == 0)
		w.entries[n-1].next = position{number + 1, 0}
	}
	return nil
}

func (w *walker) parts(number int, parts []*playlist.MediaPart) error {
	at := w.clock
	for i, part := range parts {
		if number > w.from.segment || number == w.from.segment && i >= w.from.part {
			e, err := w.entry(part.URI, part.ByteRangeStart, part.ByteRangeLength)
			if err != nil {
				return err
			}
			e.next, e.captured, e.gap, e.most = position{number, i + 1}, at, part.Gap, maxPart
			w.entries = append(w.entries, e)
		}
		if !at.IsZero() {
			at = at.Add(part.Duration)
		}
	}
	return nil
}

func (w *walker) entry(uri string, start, length *uint64) (entry, error) {
	r, err := w.resource(uri, start, length)
	return entry{resource: r}, err
}

func (w *walker) resource(uri string, start, length *uint64) (resource, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return resource{}, errors.New("a URL in the playlist cannot be read")
	}
	r := resource{url: w.base.ResolveReference(u), most: maxSegment}
	if length != nil {
		if r.from, r.length = w.offset, *length; start != nil {
			r.from = *start
		}
		w.offset = r.from + r.length
	}
	return r, nil
}

// start is where a reader of all that p lists begins: at the newest, with the first one where the stream has ended.
func start(p *playlist.Media, all []entry) position {
	from := position{p.MediaSequence, 0}
	for i := 0; i < len(all)-1 && !p.Endlist; i++ {
		from = all[i].next
	}
	return from
}
