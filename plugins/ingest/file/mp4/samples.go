package mp4

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/shoal-live/shoal/core/chunk"
)

// Sample is one access unit, as the file says. Times are ticks of its track, before the edit list.
type Sample struct {
	DTS, PTS int64
	Duration int64
	At       int64 // of its first byte, in the file
	Size     int64 // bytes
	Key      bool  // decoding can begin here
}

// Samples walks those of one track in decoding order.
type Samples struct {
	source source
	scale  int64
	file   int64 // bytes of the whole file
	sum    int64 // bytes of the samples so far
	before int64 // decoding time of the sample before
	seen   int
}

// source knows where samples are.
type source interface {
	next() (Sample, error) // io.EOF behind the last
	rewind()
}

// maxSeconds bounds every time in a file: 34 years.
const maxSeconds = 1 << 30

// Samples are all of a file, in the order of its index, then of its fragments. Errors: ErrFormat.
func (m *Movie) Samples(t *Track, r io.ReaderAt, size int64) (*Samples, error) {
	fragments := &fragmented{r: r, end: size, first: m.end, track: t.ID, trex: m.trex[t.ID]}
	var from source = fragments
	switch {
	case (t.Edit.Delay+t.Edit.Span)/m.Timescale > maxSeconds || t.Edit.Start/t.Timescale > maxSeconds:
		return nil, fmt.Errorf("%w: its edit list speaks of more than 34 years", ErrFormat)
	case t.index.empty() || !t.index.complete():
		if m.trex == nil {
			return nil, fmt.Errorf("%w: its index has no samples", ErrFormat)
		}
	case m.trex == nil:
		from = &t.index
	default:
		fragments.index = &t.index
	}
	return newSamples(t, from, size), nil
}

// Fragments are those of a piece that holds fragments alone, and whose moov was elsewhere.
func (m *Movie) Fragments(t *Track, r io.ReaderAt, size int64) *Samples {
	return newSamples(t, &fragmented{r: r, end: size, track: t.ID, trex: m.trex[t.ID]}, size)
}

func newSamples(t *Track, from source, size int64) *Samples {
	s := &Samples{source: from, scale: t.Timescale, file: size}
	s.Rewind()
	return s
}

// Rewind goes back to the first.
func (x *Samples) Rewind() {
	x.source.rewind()
	x.sum, x.seen, x.before = 0, 0, -1<<62
}

// Next is the next sample; io.EOF behind the last. Errors: ErrFormat, ErrCutOff. That all samples of a track together are as many
// bytes as the file at most bounds their number, too, whatever the tables say.
func (x *Samples) Next() (Sample, error) {
	s, err := x.source.next()
	if err != nil {
		return Sample{}, err
	}
	x.seen++
	x.sum += s.Size
	before := x.before
	x.before = s.DTS
	switch {
	case s.Size <= 0 || s.Size > chunk.MaxGroupSize:
		err = fmt.Errorf("%w: it has %d bytes, not 1 to %d", ErrFormat, s.Size, chunk.MaxGroupSize)
	case s.At < 0 || s.At > x.file-s.Size:
		err = fmt.Errorf("%w: it ends at byte %d of %d", ErrCutOff, s.At+s.Size, x.file)
	case x.sum > x.file:
		err = fmt.Errorf("%w: samples share their bytes", ErrFormat)
	case s.DTS < before || s.DTS/x.scale > maxSeconds:
		err = fmt.Errorf("%w: it is decoded at %d, the one before at %d", ErrFormat, s.DTS, before)
	}
	if err != nil {
		return Sample{}, fmt.Errorf("sample %d: %w", x.seen, err)
	}
	return s, nil
}

// indexed reads the tables of a progressive file (ISO 14496-12, 8.6 and 8.7).
type indexed struct {
	durations *runs  // stts
	offsets   *runs  // ctts; nil: presented as decoded
	keys      *table // stss; nil: every sample is one
	sizes     *table // stsz
	size      uint32 // of every sample, where there is no table of sizes
	chunks    *table // stco or co64
	spans     *table // stsc: first chunk, samples a chunk, description

	sample uint32 // the next
	key    uint32 // entry of keys to come
	chunk  uint32 // the present, from 0
	span   uint32 // entry of spans to come
	per    uint32 // samples a chunk
	left   uint32 // samples of the chunk
	dts    int64
	at     int64
}

// empty tells that there is no sample, as in a file that is all fragments.
func (x *indexed) empty() bool { return x.sizes == nil || x.sizes.n == 0 }

// complete tells that every table is there that has to be.
func (x *indexed) complete() bool {
	return x.durations != nil && x.sizes != nil && x.chunks != nil && x.spans != nil
}

func (x *indexed) rewind() {
	x.durations.rewind()
	if x.offsets != nil {
		x.offsets.rewind()
	}
	x.sample, x.key, x.chunk, x.span, x.per, x.left, x.dts, x.at = 0, 0, 0, 0, 0, 0, 0, 0
}

func (x *indexed) next() (Sample, error) {
	if x.sample == x.sizes.n {
		return Sample{}, io.EOF
	}
	s, err := x.read()
	if err != nil {
		return Sample{}, fmt.Errorf("sample %d: %w", x.sample+1, err)
	}
	x.sample++
	x.dts += s.Duration
	x.at += s.Size
	x.left--
	return s, nil
}

func (x *indexed) read() (Sample, error) {
	if err := x.seek(); err != nil {
		return Sample{}, err
	}
	s := Sample{DTS: x.dts, PTS: x.dts, At: x.at, Size: int64(x.size)}
	duration, err := x.durations.take()
	if err != nil {
		return Sample{}, err
	}
	s.Duration = int64(duration)
	if x.offsets != nil {
		offset, err := x.offsets.take()
		if err != nil {
			return Sample{}, err
		}
		s.PTS += int64(int32(offset)) // version 0 says unsigned, and files with negative ones say version 0
	}
	if x.size == 0 {
		e, err := x.sizes.entry(x.sample)
		if err != nil {
			return Sample{}, err
		}
		s.Size = int64(binary.BigEndian.Uint32(e))
	}
	s.Key, err = x.isKey()
	return s, err
}

// isKey asks the table of keys, which is sorted.
func (x *indexed) isKey() (bool, error) {
	if x.keys == nil {
		return true, nil
	}
	for x.key < x.keys.n {
		e, err := x.keys.entry(x.key)
		if err != nil {
			return false, err
		}
		number := binary.BigEndian.Uint32(e)
		if number > x.sample {
			return number == x.sample+1, nil
		}
		x.key++
	}
	return false, nil
}

// seek goes on to the chunk that holds the next sample.
func (x *indexed) seek() error {
	if x.left > 0 {
		return nil
	}
	if x.sample > 0 {
		x.chunk++
	}
	if x.span < x.spans.n {
		e, err := x.spans.entry(x.span)
		if err != nil {
			return err
		}
		if binary.BigEndian.Uint32(e) == x.chunk+1 {
			if x.per = binary.BigEndian.Uint32(e[4:]); binary.BigEndian.Uint32(e[8:]) > 1 {
				return fmt.Errorf("%w: it changes to another sample description (encode it as one: ffmpeg -i FILE NEW.mp4)", ErrFormat)
			}
			x.span++
		}
	}
	if x.per == 0 {
		return fmt.Errorf("%w: chunk %d holds no sample", ErrFormat, x.chunk+1)
	}
	e, err := x.chunks.entry(x.chunk)
	if err != nil {
		return err
	}
	if x.at = int64(binary.BigEndian.Uint32(e)); len(e) == 8 {
		x.at = int64(binary.BigEndian.Uint64(e) & (1<<62 - 1))
	}
	x.left = x.per
	return nil
}
