package file

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// movie is what the moov box says.
type movie struct {
	scale  int64 // ticks a second of edit lists
	tracks []*header
	trex   map[uint32][3]uint32 // defaults of fragments by track: duration, size, flags; nil: there are none
	end    int64                // of moov
}

// header is one track of it.
type header struct {
	id    uint32
	kind  string // handler: vide, soun, ...
	scale int64  // ticks a second
	edit  edit
	stsd  []byte // whole box
	index indexed
}

// edit is where the presentation lies in the media.
type edit struct {
	delay int64 // movie ticks of pause before it
	start int64 // ticks of the track at which it begins
	span  int64 // movie ticks; 0: to the end
}

// Bounds of what is read.
const (
	maxTracks = 64
	maxScale  = 1 << 30 // ticks a second, so that products of two scales stay in range
)

// readMovie finds moov in a file of size bytes and reads what stands in it.
func readMovie(r io.ReaderAt, size int64) (*movie, error) {
	var m *movie
	for at := int64(0); at < size; {
		b, err := readBox(r, at, size)
		if at == 0 && (err != nil && b.name == "" || !slices.Contains([]string{"ftyp", "moov", "mdat", "free", "wide"}, b.name)) {
			return nil, fmt.Errorf("%w (it does not begin as one; convert it: ffmpeg -i FILE -c copy NEW.mp4)", errFormat)
		}
		if err != nil {
			return nil, err
		}
		if b.name == "moov" {
			m = &movie{end: b.end}
			if err := m.read(r, b); err != nil {
				return nil, err
			}
			break
		}
		at = b.end
	}
	switch {
	case size == 0:
		return nil, fmt.Errorf("%w: it is empty (copy it again)", errFormat)
	case m == nil:
		return nil, fmt.Errorf("%w: there is no moov box, so its recording was not ended properly (record it again, as fragmented MP4 where that can happen)", errFormat)
	case m.scale == 0 || len(m.tracks) == 0 || slices.ContainsFunc(m.tracks, func(h *header) bool { return h.scale == 0 }):
		return nil, fmt.Errorf("%w: its moov box lacks headers or tracks", errFormat)
	}
	return m, nil
}

func (m *movie) read(r io.ReaderAt, moov box) error {
	return each(r, moov.body, moov.end, func(b box) error {
		switch b.name {
		case "mvhd":
			var err error
			m.scale, err = timescale(r, b)
			return err
		case "trak":
			if len(m.tracks) == maxTracks {
				return fmt.Errorf("%w: more than %d tracks", errFormat, maxTracks)
			}
			h := &header{}
			m.tracks = append(m.tracks, h)
			if err := h.trak(r, b); err != nil {
				return fmt.Errorf("track %d: %w", len(m.tracks), err)
			}
		case "mvex":
			m.trex = map[uint32][3]uint32{}
			return each(r, b.body, b.end, func(b box) error { return m.defaults(r, b) })
		}
		return nil
	})
}

// defaults reads a trex box.
func (m *movie) defaults(r io.ReaderAt, b box) error {
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

func (h *header) trak(r io.ReaderAt, trak box) error {
	return each(r, trak.body, trak.end, func(b box) (err error) {
		switch b.name {
		case "mdia", "minf", "stbl", "edts":
			return h.trak(r, b)
		case "tkhd":
			var body []byte
			if body, err = load(r, b, 24, 24); err == nil {
				h.id = binary.BigEndian.Uint32(body[12+8*int(min(body[0], 1)):])
			}
		case "mdhd":
			h.scale, err = timescale(r, b)
		case "hdlr":
			var body []byte
			if body, err = load(r, b, 12, 12); err == nil && h.kind == "" {
				h.kind = string(body[8:12])
			}
		case "elst":
			return h.edit.read(r, b)
		case "stsd":
			if b.end-b.start > maxBox {
				return fmt.Errorf("%w: a description of %d bytes", errFormat, b.end-b.start)
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
		return fmt.Errorf("%w: its index is in the compact form (rewrite it: ffmpeg -i FILE -c copy NEW.mp4)", errFormat)
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
		return 0, fmt.Errorf("%w: box %q has %d ticks a second", errFormat, b.name, scale)
	}
	return int64(scale), nil
}

// read takes pauses and the first span of media. What comes after it, which cuts the middle out of a film, is ignored.
func (e *edit) read(r io.ReaderAt, b box) error {
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
			return fmt.Errorf("%w: an edit of %d ticks from %d on", errFormat, span, start)
		}
		if start >= 0 {
			e.start, e.span = start, span
			return nil
		}
		e.delay += span
	}
	return nil
}
