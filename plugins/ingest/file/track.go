package file

import (
	"errors"
	"io"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/plugins/ingest/file/mp4"
)

// track is one that is played. Its samples are shifted so that the presentation begins at 0.
type track struct {
	*mp4.Track
	number   int // in the file, from 1, for people
	codec    codecs.Codec
	samples  *mp4.Samples
	zero     int64 // ticks of the media at which the presentation begins
	cut      int64 // ticks of the presentation from which on nothing is decoded; 0: none
	last     int64 // the same, of where no sound is presented; 0: none
	began    bool  // a sample of this loop was given
	surveyed survey
}

// survey is what one walk over a track has shown.
type survey struct {
	samples int
	bytes   int64
	least   int64         // decoding time of the first sample, in ticks
	end     time.Duration // of the last presentation
}

func newTrack(m *mp4.Movie, k *mp4.Track, codec codecs.Codec, samples *mp4.Samples) *track {
	t := &track{Track: k, codec: codec, samples: samples}
	t.zero = k.Edit.Start - rescale(k.Edit.Delay, m.Timescale, k.Timescale)
	if k.Edit.Span > 0 && !m.Fragmented() { // with fragments it is the span of what came first, if anything
		t.cut = rescale(k.Edit.Delay+k.Edit.Span, m.Timescale, k.Timescale)
	}
	return t
}

func (t *track) rewind() {
	t.samples.Rewind()
	t.began = false
}

// next is the next sample that is played, its times counted from where the presentation begins. io.EOF: the loop is over.
func (t *track) next() (mp4.Sample, error) {
	for {
		s, err := t.samples.Next()
		if err != nil {
			return s, err
		}
		s.DTS -= t.zero
		s.PTS -= t.zero
		if t.cut > 0 && s.DTS >= t.cut || t.last > 0 && !t.codec.IsVideo() && s.PTS >= t.last {
			return s, io.EOF
		}
		if s.PTS < 0 || t.codec.IsVideo() && !t.began && !s.Key {
			continue
		}
		t.began = true
		return s, nil
	}
}

// survey walks the track once from end to end. stop is asked now and then.
func (t *track) survey(stop func() error) error {
	var v survey
	for {
		s, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if v.samples++; err == nil && v.samples%1024 == 0 {
			err = stop()
		}
		if err != nil {
			return err
		}
		if v.samples == 1 {
			v.least = s.DTS
		}
		v.bytes += s.Size
		v.end = max(v.end, t.duration(s.PTS+s.Duration))
	}
	t.surveyed = v
	t.rewind()
	return nil
}

func (t *track) duration(ticks int64) time.Duration {
	scale := t.Timescale
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
func (t *track) units(splitter *cmaf.Unpackager, s mp4.Sample, payload []byte) ([][]byte, error) {
	units, err := splitter.Units(&cmaf.Sample{Payload: payload})
	if c, ok := t.codec.(*codecs.AV1); ok && s.Key && err == nil && len(c.SequenceHeader) > 0 {
		for _, u := range units {
			if av1.OBUType(u[0]>>3&15) == av1.OBUTypeSequenceHeader {
				return units, nil
			}
		}
		units = append([][]byte{c.SequenceHeader}, units...) // a file may have it in its description only
	}
	return units, err
}

// rescale converts ticks, rounded down. Both scales are at most 2^30.
func rescale(ticks, from, to int64) int64 { return ticks/from*to + ticks%from*to/from }
