package mp4

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// fragmented reads the samples of one track out of movie fragments (ISO 14496-12, 8.8), behind those of the index, if
// there are any. It keeps those of one fragment.
type fragmented struct {
	r     io.ReaderAt
	end   int64 // of the file
	first int64 // where the first fragment may be
	track uint32
	trex  [3]uint32 // defaults: duration, size, flags
	index *indexed  // nil: none

	at       int64 // the next box of the file
	dts      int64 // of the next sample
	pending  []Sample
	consumed int  // of pending
	indexing bool // index has not ended yet
}

// maxRun is the most samples of a track in one fragment: a run may leave everything about them to defaults, and so promise
// any number in a few bytes.
const maxRun = 1 << 16

// Flags of a sample, tfhd and trun (ISO 14496-12, 8.8.3, 8.8.7 and 8.8.8).
const (
	notSync = 0x10000

	tfhdBase        = 0x01
	tfhdDescription = 0x02
	tfhdMoof        = 0x020000

	trunOffset      = 0x01
	trunFirst       = 0x04
	trunDuration    = 0x100
	trunSize        = 0x200
	trunFlags       = 0x400
	trunComposition = 0x800
)

func (x *fragmented) rewind() {
	x.at, x.dts, x.consumed, x.pending = x.first, 0, 0, x.pending[:0]
	if x.indexing = x.index != nil; x.indexing {
		x.index.rewind()
	}
}

func (x *fragmented) next() (Sample, error) {
	if x.indexing {
		s, err := x.index.next()
		if err != io.EOF { //nolint:errorlint // it comes bare
			x.dts = s.DTS + s.Duration
			return s, err
		}
		x.indexing = false
	}
	for x.consumed == len(x.pending) {
		if x.at >= x.end {
			return Sample{}, io.EOF
		}
		b, err := readBox(x.r, x.at, x.end)
		if err != nil {
			return Sample{}, err
		}
		x.at = b.end
		if b.name != "moof" {
			continue
		}
		if b.end-b.body > maxBox {
			return Sample{}, fmt.Errorf("%w: a moof of %d bytes, at most %d", ErrFormat, b.end-b.body, maxBox)
		}
		x.pending, x.consumed = x.pending[:0], 0
		if err := x.moof(b); err != nil {
			return Sample{}, fmt.Errorf("fragment at %d: %w", b.start, err)
		}
	}
	x.consumed++
	return x.pending[x.consumed-1], nil
}

// moof takes the samples of a fragment. Trafs of other tracks are read too, since data may follow on from theirs.
func (x *fragmented) moof(moof box) error {
	body, err := load(x.r, moof, 0, maxBox)
	if err != nil {
		return err
	}
	r := bytes.NewReader(body)
	follows := moof.start
	return each(r, 0, int64(len(body)), func(b box) error {
		if b.name != "traf" {
			return nil
		}
		t := traf{x: x, moof: moof.start, data: follows, base: follows, dts: x.dts}
		err := each(r, b.body, b.end, func(b box) error { return t.box(b.name, field(body[b.body:b.end])) })
		if follows = t.data; t.mine {
			x.dts = t.dts
		}
		return err
	})
}

// traf is what the boxes of one traf have said so far.
type traf struct {
	x     *fragmented
	mine  bool
	moof  int64 // where offsets count from: the moof,
	base  int64 // or what tfhd says
	data  int64 // of the next sample
	dts   int64
	deflt [3]uint32 // duration, size, flags
}

func (t *traf) box(name string, f field) error {
	switch name {
	case "tfhd":
		flags := f.u32()
		t.mine = f.u32() == t.x.track
		t.deflt = t.x.trex
		if flags&tfhdMoof != 0 {
			t.base = t.moof
		}
		if flags&tfhdBase != 0 {
			t.base = int64(f.u64() & (1<<62 - 1))
		}
		if flags&tfhdDescription != 0 {
			f.u32()
		}
		for i := range t.deflt {
			if flags&(8<<i) != 0 {
				t.deflt[i] = f.u32()
			}
		}
		t.data = t.base
	case "tfdt":
		if f.u32()>>24 == 0 {
			t.dts = int64(f.u32())
		} else {
			t.dts = int64(f.u64() & (1<<60 - 1))
		}
	case "trun":
		return t.trun(&f)
	}
	return nil
}

func (t *traf) trun(f *field) error {
	flags := f.u32()
	n := f.u32()
	if flags&trunOffset != 0 {
		t.data = t.base + int64(int32(f.u32()))
	}
	first := t.deflt[2]
	if flags&trunFirst != 0 {
		first = f.u32()
	}
	if n > maxRun || len(t.x.pending)+int(n) > maxRun {
		return fmt.Errorf("%w: more than %d samples in one fragment", ErrFormat, maxRun)
	}
	for i := range n {
		duration, size, bits := t.deflt[0], t.deflt[1], t.deflt[2]
		if i == 0 {
			bits = first
		}
		if flags&trunDuration != 0 {
			duration = f.u32()
		}
		if flags&trunSize != 0 {
			size = f.u32()
		}
		if flags&trunFlags != 0 {
			bits = f.u32()
		}
		s := Sample{DTS: t.dts, PTS: t.dts, Duration: int64(duration), At: t.data, Size: int64(size), Key: bits&notSync == 0}
		if flags&trunComposition != 0 {
			s.PTS += int64(int32(f.u32()))
		}
		if *f == nil {
			return fmt.Errorf("%w: trun ends before its samples do", ErrFormat)
		}
		t.data += s.Size
		t.dts += s.Duration
		if t.mine {
			t.x.pending = append(t.x.pending, s)
		}
	}
	return nil
}

// field takes big-endian numbers off the front of a box. After the first that is not there it is nil, and answers zeros.
type field []byte

func (f *field) u32() uint32 {
	if len(*f) < 4 {
		*f = nil
		return 0
	}
	v := binary.BigEndian.Uint32(*f)
	*f = (*f)[4:]
	return v
}

func (f *field) u64() uint64 {
	high := f.u32()
	return uint64(high)<<32 | uint64(f.u32())
}
