package mp4

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// Movie is what the moov box says.
type Movie struct {
	Timescale int64 // ticks a second of edit lists
	Tracks    []*Track
	trex      map[uint32][3]uint32 // defaults of fragments by track: duration, size, flags; nil: there are none
	end       int64                // of moov
}

// Track is one track of it.
type Track struct {
	ID        uint32
	Kind      string // its handler: vide, soun, ...
	Timescale int64  // ticks a second
	Edit      Edit
	stsd      []byte // whole box
	index     indexed
}

// Edit is where the presentation lies in the media: pauses, then one span of it. What comes after, which cuts the middle
// out of a film, is ignored.
type Edit struct {
	Delay int64 // ticks of the movie that pass before it
	Start int64 // ticks of the track at which it begins
	Span  int64 // ticks of the movie that it lasts; 0: to the end
}

// Bounds of what is read.
const (
	maxTracks = 64
	maxScale  = 1 << 30 // ticks a second, so that products of two scales stay in range
)

// Read finds moov in a file of size bytes and reads what stands in it. Nothing else is read. Errors: ErrFormat, ErrCutOff.
func Read(r io.ReaderAt, size int64) (*Movie, error) {
	var m *Movie
	for at := int64(0); at < size; {
		b, err := readBox(r, at, size)
		if at == 0 && (err != nil && b.name == "" || !slices.Contains([]string{"ftyp", "moov", "mdat", "free", "wide"}, b.name)) {
			return nil, fmt.Errorf("%w (it does not begin as one; convert it: ffmpeg -i FILE -c copy NEW.mp4)", ErrFormat)
		}
		if err != nil {
			return nil, err
		}
		if b.name == "moov" {
			m = &Movie{end: b.end}
			if err := m.read(r, b); err != nil {
				return nil, err
			}
			break
		}
		at = b.end
	}
	switch {
	case size == 0:
		return nil, fmt.Errorf("%w: it is empty (copy it again)", ErrFormat)
	case m == nil:
		return nil, fmt.Errorf("%w: there is no moov box, so its recording was not ended properly (record it again, as fragmented MP4 where that can happen)", ErrFormat)
	case m.Timescale == 0 || len(m.Tracks) == 0 || slices.ContainsFunc(m.Tracks, func(h *Track) bool { return h.Timescale == 0 }):
		return nil, fmt.Errorf("%w: its moov box lacks headers or tracks", ErrFormat)
	}
	return m, nil
}

// Fragmented tells that samples stand in fragments, all of them or those behind the index.
func (m *Movie) Fragmented() bool { return m.trex != nil }

func (m *Movie) read(r io.ReaderAt, moov box) error {
	return each(r, moov.body, moov.end, func(b box) error {
		switch b.name {
		case "mvhd":
			var err error
			m.Timescale, err = timescale(r, b)
			return err
		case "trak":
			if len(m.Tracks) == maxTracks {
				return fmt.Errorf("%w: more than %d tracks", ErrFormat, maxTracks)
			}
			h := &Track{}
			m.Tracks = append(m.Tracks, h)
			if err := h.trak(r, b); err != nil {
				return fmt.Errorf("track %d: %w", len(m.Tracks), err)
			}
		case "mvex":
			m.trex = map[uint32][3]uint32{}
			return each(r, b.body, b.end, func(b box) error { return m.defaults(r, b) })
		}
		return nil
	})
}

// defaults reads a trex box.
func (m *Movie) defaults(r io.ReaderAt, b box) error {
	if b.name != "trex" || len(m.trex) == maxTracks {
		return nil
	}
	body, err := load(r, b, 24, 24)
	if err != nil {
		return err
	}
	f := field(body[4:])
	id := f.u32()
	f.u32() // sample description
	m.trex[id] = [3]uint32{f.u32(), f.u32(), f.u32()}
	return nil
}

func (h *Track) trak(r io.ReaderAt, trak box) error {
	return each(r, trak.body, trak.end, func(b box) (err error) {
		switch b.name {
		case "mdia", "minf", "stbl", "edts":
			return h.trak(r, b)
		case "tkhd":
			var body []byte
			if body, err = load(r, b, 24, 24); err == nil {
				h.ID = binary.BigEndian.Uint32(body[12+8*int(min(body[0], 1)):])
			}
		case "mdhd":
			h.Timescale, err = timescale(r, b)
		case "hdlr":
			var body []byte
			if body, err = load(r, b, 12, 12); err == nil && h.Kind == "" {
				h.Kind = string(body[8:12])
			}
		case "elst":
			return h.Edit.read(r, b)
		case "stsd":
			if b.end-b.start > maxBox {
				return fmt.Errorf("%w: a description of %d bytes", ErrFormat, b.end-b.start)
			}
			b.body = b.start
			h.stsd, err = load(r, b, 16, maxBox)
		default:
			return h.index.table(r, b)
		}
		return err
	})
}

// table takes one of the tables of the index.
func (x *indexed) table(r io.ReaderAt, b box) (err error) {
	var t *table
	switch b.name {
	case "stts", "ctts":
		if t, err = newTable(r, b, 4, 8); err != nil {
			return err
		}
		if b.name == "stts" {
			x.durations = &runs{table: t}
		} else {
			x.offsets = &runs{table: t}
		}
	case "stss":
		x.keys, err = newTable(r, b, 4, 4)
	case "stsc":
		x.spans, err = newTable(r, b, 4, 12)
	case "stco":
		x.chunks, err = newTable(r, b, 4, 4)
	case "co64":
		x.chunks, err = newTable(r, b, 4, 8)
	case "stsz":
		var body []byte
		if body, err = load(r, b, 12, 12); err != nil {
			return err
		}
		width := int64(4)
		if x.size = binary.BigEndian.Uint32(body[4:]); x.size != 0 {
			width = 0
		}
		x.sizes, err = newTable(r, b, 8, width)
	case "stz2":
		return fmt.Errorf("%w: its index is in the compact form (rewrite it: ffmpeg -i FILE -c copy NEW.mp4)", ErrFormat)
	}
	return err
}

// timescale reads mvhd or mdhd.
func timescale(r io.ReaderAt, b box) (int64, error) {
	body, err := load(r, b, 24, 24)
	if err != nil {
		return 0, err
	}
	scale := binary.BigEndian.Uint32(body[12+8*int(min(body[0], 1)):])
	if scale == 0 || scale > maxScale {
		return 0, fmt.Errorf("%w: box %q has %d ticks a second", ErrFormat, b.name, scale)
	}
	return int64(scale), nil
}

func (e *Edit) read(r io.ReaderAt, b box) error {
	head, err := load(r, b, 4, 4)
	if err != nil {
		return err
	}
	width := 12 + 8*int64(min(head[0], 1))
	t, err := newTable(r, b, 4, width)
	if err != nil {
		return err
	}
	for i := range min(t.n, 16) {
		raw, err := t.entry(i)
		if err != nil {
			return err
		}
		f := field(raw)
		span, start := int64(f.u32()), int64(0)
		if width == 12 {
			start = int64(int32(f.u32()))
		} else {
			span, start = span<<32|int64(f.u32()), int64(f.u64())
		}
		if span < 0 || span > 1<<48 || start > 1<<48 {
			return fmt.Errorf("%w: an edit of %d ticks from %d on", ErrFormat, span, start)
		}
		if start >= 0 {
			e.Start, e.Span = start, span
			return nil
		}
		e.Delay += span
	}
	return nil
}
