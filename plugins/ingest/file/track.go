package file

import (
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
)

// track is one that is played. Its samples are shifted so that the presentation begins at 0.
type track struct {
	header   *header
	number   int // in the file, from 1, for people
	codec    codecs.Codec
	source   samples
	zero     int64 // ticks of the media at which the presentation begins
	cut      int64 // ticks of the presentation from which on nothing is decoded; 0: none
	last     int64 // the same, of where nothing is presented; 0: none
	began    bool  // a sample of this loop was given
	file     int64 // bytes of the whole file
	sum      int64 // bytes of the samples of this loop so far
	before   int64 // decoding time of the sample before
	seen     int   // samples of this loop, those that are left out included
	reported survey
}

// maxSeconds bounds every time in a file: 34 years.
const maxSeconds = 1 << 30

// survey is what one walk over a track has shown.
type survey struct {
	samples int
	bytes   int64
	least   int64         // decoding time of the first sample, in ticks
	end     time.Duration // of the last presentation
}

func newTrack(m *movie, h *header, codec codecs.Codec, r io.ReaderAt, size int64) (*track, error) {
	t := &track{header: h, codec: codec, file: size}
	if (h.edit.delay+h.edit.span)/m.scale > maxSeconds || h.edit.start/h.scale > maxSeconds {
		return nil, fmt.Errorf("%w: its edit list speaks of more than 34 years", errFormat)
	}
	t.zero = h.edit.start - rescale(h.edit.delay, m.scale, h.scale)
	if h.edit.span > 0 && m.trex == nil {
		t.cut = rescale(h.edit.delay+h.edit.span, m.scale, h.scale)
	}
	if h.index.empty() || !h.index.complete() {
		if m.trex == nil {
			return nil, fmt.Errorf("%w: its index has no samples", errFormat)
		}
		t.source = &fragmented{r: r, end: size, first: m.end, track: h.id, trex: m.trex[h.id]}
	} else if t.source = &h.index; m.trex != nil {
		t.source = &fragmented{r: r, end: size, first: m.end, track: h.id, trex: m.trex[h.id], index: &h.index}
	}
	t.rewind()
	return t, nil
}

func (t *track) rewind() {
	t.source.rewind()
	t.began, t.sum, t.seen, t.before = false, 0, 0, -1<<62
}

// next is the next sample that is played, its times counted from where the presentation begins. io.EOF: the loop is over.
func (t *track) next() (sample, error) {
	for {
		s, err := t.source.next()
		if err != nil {
			return s, err
		}
		if err := t.check(s); err != nil {
			return s, fmt.Errorf("sample %d: %w", t.seen, err)
		}
		s.dts -= t.zero
		s.pts -= t.zero
		if t.cut > 0 && s.dts >= t.cut || t.last > 0 && !t.codec.IsVideo() && s.pts >= t.last {
			return sample{}, io.EOF
		}
		if s.pts < 0 || t.codec.IsVideo() && !t.began && !s.key {
			continue
		}
		t.began = true
		return s, nil
	}
}

// check refuses what no sample can be. That the samples of a track are as many bytes as the file at most bounds their
// number, too, whatever its tables say.
func (t *track) check(s sample) error {
	t.seen++
	t.sum += s.size
	before := t.before
	t.before = s.dts
	switch {
	case s.size <= 0 || s.size > chunk.MaxGroupSize:
		return fmt.Errorf("%w: it has %d bytes, not 1 to %d", errFormat, s.size, chunk.MaxGroupSize)
	case s.at < 0 || s.at > t.file-s.size:
		return fmt.Errorf("%w: it ends at byte %d of %d", errCutOff, s.at+s.size, t.file)
	case t.sum > t.file:
		return fmt.Errorf("%w: samples share their bytes", errFormat)
	case s.dts < before || s.dts/t.header.scale > maxSeconds:
		return fmt.Errorf("%w: it is decoded at %d, the one before at %d", errFormat, s.dts, before)
	}
	return nil
}

// walk reads the index once from end to end. stop is asked now and then.
func (t *track) walk(stop func() error) error {
	var v survey
	for {
		s, err := t.next()
		if err == io.EOF { //nolint:errorlint // samples answers it bare
			break
		}
		if v.samples++; err == nil && v.samples%1024 == 0 {
			err = stop()
		}
		if err != nil {
			return err
		}
		if v.samples == 1 {
			v.least = s.dts
		}
		v.bytes += s.size
		v.end = max(v.end, t.duration(s.pts+s.duration))
	}
	t.reported = v
	t.rewind()
	return nil
}

func (t *track) duration(ticks int64) time.Duration {
	scale := t.header.scale
	return time.Duration(ticks/scale)*time.Second + time.Duration((ticks%scale*int64(time.Second)+scale/2)/scale)
}

// rate is the ticks a second in which the packager takes this track.
func (t *track) rate() uint32 {
	switch c := t.codec.(type) {
	case *codecs.Opus:
		return 48000
	case *codecs.MPEG4Audio:
		return uint32(c.Config.SampleRate)
	}
	return 90000
}

// units splits what was read of a sample.
func (t *track) units(splitter *cmaf.Unpackager, s sample, payload []byte) ([][]byte, error) {
	units, err := splitter.Units(&cmaf.Sample{Payload: payload})
	if c, ok := t.codec.(*codecs.AV1); ok && s.key && err == nil && len(c.SequenceHeader) > 0 {
		for _, u := range units {
			if av1.OBUType(u[0]>>3&15) == av1.OBUTypeSequenceHeader {
				return units, nil
			}
		}
		units = append([][]byte{c.SequenceHeader}, units...) // a file may have it in its description only
	}
	return units, err
}

// rescale converts ticks, rounded down. Both scales are at most maxScale.
func rescale(ticks, from, to int64) int64 { return ticks/from*to + ticks%from*to/from }
