package hls

import (
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// track is one that is read.
type track struct {
	codec codecs.Codec
	index int // in the packager; -1: it is left out
	rate  int64
}

func newTrack(codec codecs.Codec) *track {
	t := &track{codec: codec, index: -1, rate: 90000}
	switch c := codec.(type) {
	case *codecs.Opus:
		t.rate = 48000
	case *codecs.MPEG4Audio:
		t.rate = int64(c.Config.SampleRate)
	}
	return t
}

// unit is one access unit, or some frames of audio in a row.
type unit struct {
	track    *track
	dts      time.Duration
	pts      int64     // ticks of the track's rate
	captured time.Time // zero when unknown
	data     [][]byte
}

// announced is a track of a stream, carried or not.
type announced struct {
	*track       // nil: it is not carried
	kind   kind  // of media
	err    error // why not; wraps ingest.ErrCodec
}

// kind of media.
type kind uint8

const (
	other kind = iota // metadata, text
	video
	audio
)

// rescale converts ticks without overflow for 290 years.
func rescale(ticks, from, to int64) int64 {
	rest := ticks % from
	half := from / 2
	if rest < 0 {
		half = -half
	}
	return ticks/from*to + (rest*to+half)/from
}

func duration(ticks, scale int64) time.Duration {
	return time.Duration(rescale(ticks, scale, int64(time.Second)))
}
