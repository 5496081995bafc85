package file

import (
	"encoding/binary"
	"fmt"
	"io"
)

// sample is one access unit, as the file says. Times are ticks of its track, before the edit list.
type sample struct {
	dts, pts int64
	duration int64
	at       int64 // in the file
	size     int64 // bytes
	key      bool
}

// samples walks those of one track in decoding order.
type samples interface {
	// next answers io.EOF behind the last.
	next() (sample, error)
	rewind()
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

func (x *indexed) next() (sample, error) {
	if x.sample == x.sizes.n {
		return sample{}, io.EOF
	}
	s, err := x.read()
	if err != nil {
		return sample{}, fmt.Errorf("sample %d: %w", x.sample+1, err)
	}
	x.sample++
	x.dts += s.duration
	x.at += s.size
	x.left--
	return s, nil
}

func (x *indexed) read() (sample, error) {
	if err := x.seek(); err != nil {
		return sample{}, err
	}
	s := sample{dts: x.dts, pts: x.dts, at: x.at, size: int64(x.size)}
	duration, err := x.durations.take()
	if err != nil {
		return sample{}, err
	}
	s.duration = int64(duration)
	if x.offsets != nil {
		offset, err := x.offsets.take()
		if err != nil {
			return sample{}, err
		}
		s.pts += int64(int32(offset)) // version 0 says unsigned, and files with negative ones say version 0
	}
	if x.size == 0 {
		e, err := x.sizes.entry(x.sample)
		if err != nil {
			return sample{}, err
		}
		s.size = int64(binary.BigEndian.Uint32(e))
	}
	s.key, err = x.isKey()
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
				return fmt.Errorf("%w: it changes to another sample description (encode it as one: ffmpeg -i FILE NEW.mp4)", errFormat)
			}
			x.span++
		}
	}
	if x.per == 0 {
		return fmt.Errorf("%w: chunk %d holds no sample", errFormat, x.chunk+1)
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
