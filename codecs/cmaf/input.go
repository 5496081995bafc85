package cmaf

import (
	"fmt"
	"slices"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/opus"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/core/ingest"
)

// input is one track of a packager. Times are ticks of the track since the epoch began.
type input struct {
	id     uint32
	scale  uint32
	params codecs.Codec
	video  picture // nil for audio
	zero   int64   // PTS at which the epoch began

	run      run   // what the group holds so far
	started  bool  // a sample was written in this epoch
	decoded  int64 // true decoding time of the last sample
	end      int64 // decoding time at which the last sample ends, as written
	recent   []int64
	nominal  int64 // duration of a sample before any was measured
	strays   int   // units out of time, in a row
	accessed int64 // decoding time of the last random-access picture; <0 before the first
	interval time.Duration
}

func newInput(id uint32, in Input) (*input, error) {
	k := &input{id: id, scale: in.Timescale, params: in.Params, accessed: -1}
	if in.Timescale == 0 {
		return nil, fmt.Errorf("%w: %s without a clock rate", ingest.ErrConfig, Name(in.Params))
	}
	switch c := in.Params.(type) {
	case *codecs.Opus:
		k.nominal = int64(k.scale) / 50
	case *codecs.MPEG4Audio:
		samples := int64(1024)
		if c.Config.FrameLengthFlag {
			samples = 960
		}
		if c.Config.SampleRate <= 0 {
			return nil, parameters("MPEG-4 audio", nil)
		}
		k.nominal = samples * int64(k.scale) / int64(c.Config.SampleRate)
	default:
		var err error
		if k.video, err = newPicture(in.Params); err != nil {
			return nil, err
		}
		if k.scale != 90000 {
			return nil, fmt.Errorf("%w: %s at %d ticks a second, not 90000", ingest.ErrConfig, Name(in.Params), k.scale)
		}
		k.nominal = int64(k.scale) / 30
	}
	return k, nil
}

// begin forgets what belongs to the epoch before.
func (k *input) begin(zero int64) {
	k.zero = zero
	k.run = run{track: k.id}
	k.started, k.decoded, k.end, k.strays, k.accessed = false, 0, 0, 0, -1
}

// length is the duration of one frame of audio.
func (k *input) length(frame []byte) int64 {
	if _, ok := k.params.(*codecs.Opus); ok {
		if n := opus.PacketDuration2(frame); n > 0 {
			return n * int64(k.scale) / 48000
		}
	}
	return k.nominal
}

// predict is how long the next picture is likely to last: the median of the last few, so that one that was held up
// does not count.
func (k *input) predict() int64 {
	if len(k.recent) == 0 {
		return k.nominal
	}
	sorted := slices.Clone(k.recent)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// learn takes the distance of two pictures. What a DTS extractor makes up at a start (a millisecond) is left out.
func (k *input) learn(distance int64) {
	if distance <= int64(k.scale)/500 || distance > int64(k.scale) {
		return
	}
	if len(k.recent) == 5 {
		k.recent = append(k.recent[:0], k.recent[1:]...)
	}
	k.recent = append(k.recent, distance)
}

// add puts a sample into the group: decoded at at, presented at pts, lasting likely. A hole or an overlap before it
// goes into the sample before while that is still here, else into this one.
func (k *input) add(at, pts, likely int64, s sample) {
	written := at
	switch {
	case len(k.run.samples) > 0:
		last := &k.run.samples[len(k.run.samples)-1]
		last.duration = uint32(int64(last.duration) + at - k.end)
	case k.started && at > k.end:
		written = k.end
	}
	if len(k.run.samples) == 0 {
		k.run.base, k.run.first = uint64(max(written, 0)), at
	}
	s.composition = int32(pts - written)
	s.duration = uint32(at + likely - written)
	k.run.samples = append(k.run.samples, s)
	k.started, k.decoded, k.end = true, at, at+likely
}

// gathered is the media time of the run.
func (k *input) gathered() time.Duration {
	if len(k.run.samples) == 0 {
		return 0
	}
	return ticksToTime(k.end-int64(k.run.base), k.scale)
}
