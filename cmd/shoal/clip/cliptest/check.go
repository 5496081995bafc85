package cliptest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
)

// ErrNoReport means that no sender report came while it was received: servers send one every 10 s, so a shorter look
// may see none, and says nothing about alignment.
var ErrNoReport = errors.New("no sender report")

// ErrNotTheClip means that a unit was received that is not in the clip, or
// that units of the clip are missing or repeated between others.
var ErrNotTheClip = errors.New("not the published clip")

// CheckWhole compares what was received with c, unit for unit: every track must
// be a run of the clip's units with none missing, repeated or changed, over as
// many loops as there were, with the clip's own distances in time. Parameter
// sets and delimiters that a server adds are no difference.
func (r *Recording) CheckWhole(c *clip.Clip) error {
	if len(r.Tracks) != len(c.Tracks) {
		return fmt.Errorf("cliptest: %d tracks, want the %d of %s", len(r.Tracks), len(c.Tracks), c.Name)
	}
	for i, t := range r.Tracks {
		index, err := indexOf(c, i)
		if err != nil {
			return err
		}
		if err := t.checkRun(c, c.Tracks[i].Samples, index); err != nil {
			return fmt.Errorf("cliptest: track %T: %w", t.Codec, err)
		}
	}
	return nil
}

func (t *Track) checkRun(c *clip.Clip, samples []clip.Sample, index map[string]int) error {
	last := -1           // the sample that the previous unit was
	var at time.Duration // its place on the endless timeline
	var firstAt time.Duration
	var firstTicks int64
	for n, u := range t.Units {
		i, known := index[string(essence(t.Codec, u.Payload))]
		switch {
		case !known:
			return fmt.Errorf("%w: unit %d (%d bytes) is none of %s", ErrNotTheClip, n, len(u.Payload), c.Name)
		case i < 0 && last < 0:
			continue // several samples are equal: begin with one that says where we are
		case i < 0:
			i = (last + 1) % len(samples)
		case last >= 0 && i != (last+1)%len(samples):
			return fmt.Errorf("%w: unit %d is sample %d, after sample %d of %d", ErrNotTheClip, n, i, last, len(samples))
		}
		if last < 0 {
			at, firstAt, firstTicks = samples[i].PTS, samples[i].PTS, u.Ticks
		} else {
			at += samples[i].PTS - samples[last].PTS
			if i <= last {
				at += c.Duration
			}
		}
		got, want := t.duration(u.Ticks-firstTicks), at-firstAt
		if (got - want).Abs() > time.Millisecond {
			return fmt.Errorf("%w: unit %d comes %v after the first by its timestamp, %v in the clip", ErrNotTheClip, n, got, want)
		}
		last = i
	}
	if last < 0 {
		return fmt.Errorf("%w: no unit can be told from the others", ErrNotTheClip)
	}
	return nil
}

// Skew is how much later the sound is against the picture than in c, by the
// sender's wall clock: the middle one of all units. Negative is earlier.
func (r *Recording) Skew(c *clip.Clip) (time.Duration, error) {
	var middle [2]time.Duration
	if len(r.Tracks) != 2 || len(c.Tracks) != 2 {
		return 0, fmt.Errorf("cliptest: skew of %d received tracks, want 2", len(r.Tracks))
	}
	var zero time.Time // an arbitrary point, the same for both tracks
	for i, t := range r.Tracks {
		index, err := indexOf(c, i)
		if err != nil {
			return 0, err
		}
		var starts []time.Duration // of the loop that each unit says it is in
		for _, u := range t.Units {
			n, known := index[string(essence(t.Codec, u.Payload))]
			if !known || n < 0 {
				continue
			}
			at, ok := t.Time(u)
			if !ok {
				return 0, fmt.Errorf("cliptest: track %T: %w", t.Codec, ErrNoReport)
			}
			if zero.IsZero() {
				zero = at
			}
			starts = append(starts, mod(at.Sub(zero)-c.Tracks[i].Samples[n].PTS, c.Duration))
		}
		if len(starts) == 0 {
			return 0, fmt.Errorf("cliptest: track %T: %w: no unit can be told from the others", t.Codec, ErrNotTheClip)
		}
		middle[i] = median(starts, c.Duration)
	}
	skew := mod(middle[1]-middle[0], c.Duration)
	if skew > c.Duration/2 {
		skew -= c.Duration
	}
	return skew, nil
}

// mod is d modulo m, never negative.
func mod(d, m time.Duration) time.Duration { return ((d % m) + m) % m }

// median of values on a circle of length m that lie close together.
func median(values []time.Duration, m time.Duration) time.Duration {
	first := values[0]
	for i, v := range values { // unroll around the first, so that the seam does not matter
		d := mod(v-first, m)
		if d > m/2 {
			d -= m
		}
		values[i] = first + d
	}
	slices.SortFunc(values, cmp.Compare[time.Duration])
	return values[len(values)/2]
}

// indexOf maps the essence of each sample of track i to its number, or to -1
// where several samples are equal.
func indexOf(c *clip.Clip, i int) (map[string]int, error) {
	index := make(map[string]int)
	for n, s := range c.Tracks[i].Samples {
		data, err := s.Payload()
		if err != nil {
			return nil, err
		}
		key := string(essence(c.Tracks[i].Codec, data))
		if _, twice := index[key]; twice {
			n = -1
		}
		index[key] = n
	}
	return index, nil
}

// essence is the part of a unit that no server has a reason to change: the
// slices of H.264 and H.265, all of anything else.
func essence(codec codecs.Codec, payload []byte) []byte {
	var header int
	switch codec.(type) {
	case *codecs.H264:
		header = 1
	case *codecs.H265:
		header = 2
	default:
		return payload
	}
	var unit h264.AVCC
	if err := unit.Unmarshal(payload); err != nil {
		return payload
	}
	var slicesOnly [][]byte
	for _, nalu := range unit {
		if isSlice(nalu, header) {
			slicesOnly = append(slicesOnly, nalu)
		}
	}
	return bytes.Join(slicesOnly, nil)
}

func isSlice(nalu []byte, header int) bool {
	if len(nalu) <= header {
		return false
	}
	if header == 1 {
		kind := nalu[0] & 0x1f
		return kind >= 1 && kind <= 5
	}
	return (nalu[0]>>1)&0x3f < 32
}
