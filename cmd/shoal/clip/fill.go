package clip

import (
	"errors"
	"fmt"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/core/chunk"
)

// Fill gives a clip the rate of another stream: it makes every span of media time as large as it says. The pictures stay
// what they are, and decodable. Only clips whose video is H.264 can be filled; any other is [ErrUnsupported].
//
// A size is that of the group that a source cuts from the span: samples of picture and sound, with the boxes of a CMAF
// fragment around them (see codecs/cmaf). Spans begin with the published stream and run on over its loops, whatever time was
// skipped. They are the source's groups one for one where Span is the source's group, a whole number of pictures long, divides
// the time between key frames, and is at most 100 ms, at which a source ends a group that has sound. [ForRate] names clips
// with 30 pictures and one key frame a second. Otherwise only the mean of the groups is that of Sizes.
//
// The pictures of a span are filled evenly, but for a key frame, which is filled only where the span has no other. A
// span that is larger by itself is sent as it is, and those after it are smaller, until the mean is that of Sizes again.
// Sound is sent up to two pictures late, so that every group ends with a picture; a source that reads the sender's reports
// aligns it all the same.
type Fill struct {
	// Span is media time; no default, from the time between two pictures to 1 s.
	Span time.Duration

	// Sizes has the bytes of each span in order, over and over; no default, 1 to chunk.MaxGroupSize each. MediaMTX by default
	// drops some of a picture that is over 512 packets, 700 kB, for readers that are not fast (writeQueueSize).
	Sizes []int
}

// maxSpan is the longest Fill.Span.
const maxSpan = time.Second

func (f *Fill) validate() error {
	if f.Span <= 0 || f.Span > maxSpan {
		return fmt.Errorf("clip: Options.Fill.Span is %v (more than 0, at most %v)", f.Span, maxSpan)
	}
	if len(f.Sizes) == 0 {
		return errors.New("clip: Options.Fill.Sizes is empty (one size, over and over, is a constant rate)")
	}
	for i, n := range f.Sizes {
		if n < 1 || n > chunk.MaxGroupSize {
			return fmt.Errorf("clip: Options.Fill.Sizes[%d] is %d bytes (1 to %d)", i, n, chunk.MaxGroupSize)
		}
	}
	return nil
}

// filler carries a Fill out. It follows one player, which tells it of each picture that it sends.
type filler struct {
	fill  Fill
	track int           // the video
	start time.Duration // decoding time of the first picture

	planned  bool // the span that the next picture is in
	owed     int  // bytes that are still to be added in it; after it, what the next ones get more, or less when negative
	rest     int  // pictures of it that are still to come
	takers   int  // those of them that are filled
	keysOnly bool // all of them are key frames
}

// newFiller prepares to fill c. f is valid.
func newFiller(f Fill, c *Clip) (*filler, error) {
	for i, t := range c.Tracks {
		if !t.Codec.IsVideo() {
			continue
		}
		if _, ok := t.Codec.(*codecs.H264); !ok {
			return nil, fmt.Errorf("%w: Options.Fill with video of codec %T (have: H.264)", ErrUnsupported, t.Codec)
		}
		for n, s := range t.Samples[1:] {
			if step := s.DTS - t.Samples[n].DTS; step > f.Span+slack {
				return nil, fmt.Errorf("clip: Options.Fill.Span is %v, shorter than a picture (%v)", f.Span, step)
			}
		}
		return &filler{fill: f, track: i, start: t.Samples[0].DTS}, nil
	}
	return nil, fmt.Errorf("%w: Options.Fill without video", ErrUnsupported)
}

// plan looks at the span that p is about to begin, unless that is done.
func (f *filler) plan(p *player) error {
	if f.planned {
		return nil
	}
	s, err := f.measure(p.ahead())
	if err != nil {
		return err
	}
	f.owed += f.fill.Sizes[s.number%int64(len(f.fill.Sizes))] - s.bytes
	f.planned, f.rest, f.takers = true, s.pictures, s.pictures-s.keys
	if f.keysOnly = f.takers == 0; f.keysOnly {
		f.takers = s.keys
	}
	return nil
}

// fillUp adds to the next picture what is its part.
func (f *filler) fillUp(s Sample, data []byte) ([]byte, error) {
	if f.rest--; f.rest == 0 {
		f.planned = false
	}
	if s.Key && !f.keysOnly {
		return data, nil
	}
	part := f.owed / f.takers
	f.takers--
	filled, err := addFiller(data, part)
	f.owed -= len(filled) - len(data)
	return filled, err
}
