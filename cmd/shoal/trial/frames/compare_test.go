package frames_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/trial/frames"
	"github.com/shoal-live/shoal/core/chunk"
)

const (
	ms      = int64(time.Millisecond)
	between = 20 * ms  // of two frames
	loop    = 150      // frames after which bytes come again
	ahead   = 137 * ms // of the output's clock
	delay   = 300 * ms // of what is played out
	start   = 1_800_000_000_000 * ms
)

// film is so many frames, as an input records them.
func film(count int) []frames.Frame {
	var list []frames.Frame
	for i := range count {
		at := start + int64(i)*between
		list = append(list, frames.Frame{Epoch: 1, Size: uint32(100 + i%loop%7), Hash: uint64(i%loop)*0x9e3779b97f4a7c15 + 1, Time: at, At: at})
	}
	return list
}

// played is what an output records of film, from one frame up to another.
func played(in []frames.Frame, from, to int) []frames.Frame {
	list := slices.Clone(in[from:to])
	for i := range list {
		list[i].Epoch = 7
		list[i].Time += ahead
		list[i].At += delay
	}
	return list
}

func track(kind chunk.Kind, list []frames.Frame) *frames.Recording {
	return &frames.Recording{Tracks: []frames.Track{{Kind: kind, Frames: list}}}
}

func TestCompare(t *testing.T) {
	const count = 600 // 12 s
	in := film(count)
	type found = frames.TrackResult
	for _, c := range []struct {
		name string
		kind chunk.Kind // default video
		edit func(out []frames.Frame) []frames.Frame
		want found // without Kind, Input, Delay and Examples
		what string
	}{
		{name: "nothing differs", want: found{Compared: 400, Equal: 400}},
		{name: "a group is missing", edit: func(o []frames.Frame) []frames.Frame { return slices.Delete(o, 100, 103) },
			want: found{Compared: 397, Equal: 397, Missing: 3}, what: "missing"},
		{name: "the first and the last may be any", edit: func(o []frames.Frame) []frames.Frame { return o[3 : len(o)-5] },
			want: found{Compared: 392, Equal: 392}},
		{name: "a byte is another", edit: func(o []frames.Frame) []frames.Frame { o[50].Hash++; return o },
			want: found{Compared: 400, Equal: 399, Altered: 1}, what: "altered"},
		{name: "a frame is shorter", edit: func(o []frames.Frame) []frames.Frame { o[50].Size--; return o },
			want: found{Compared: 400, Equal: 399, Altered: 1}, what: "altered"},
		{name: "the bytes of the frame before come again", edit: func(o []frames.Frame) []frames.Frame {
			o[50].Hash, o[50].Size = o[49].Hash, o[49].Size
			return o
		}, want: found{Compared: 400, Equal: 399, Altered: 1}, what: "altered"},
		{name: "a frame too many", edit: func(o []frames.Frame) []frames.Frame {
			return slices.Insert(o, 50, frames.Frame{Epoch: 7, Size: 9, Hash: 9, Time: o[50].Time - between/2})
		}, want: found{Compared: 401, Equal: 400, Foreign: 1}, what: "foreign"},
		{name: "two in the wrong order", edit: func(o []frames.Frame) []frames.Frame { o[50], o[51] = o[51], o[50]; return o },
			want: found{Compared: 400, Equal: 399, OutOfOrder: 1}, what: "out of order"},
		{name: "one twice", edit: func(o []frames.Frame) []frames.Frame { return slices.Insert(o, 50, o[49]) },
			want: found{Compared: 401, Equal: 400, Duplicated: 1}, what: "duplicated"},
		{name: "one of half a second ago again", edit: func(o []frames.Frame) []frames.Frame {
			again := o[40]
			again.Time = o[50].Time - between/2
			return slices.Insert(o, 50, again)
		}, want: found{Compared: 401, Equal: 400, Duplicated: 1}, what: "duplicated"},
		{name: "one at another time", edit: func(o []frames.Frame) []frames.Frame { o[50].Time += between / 2; return o },
			want: found{Compared: 400, Equal: 400, Retimed: 1}, what: "retimed"},
		{name: "all from one on at another time", edit: func(o []frames.Frame) []frames.Frame {
			for i := 200; i < len(o); i++ {
				o[i].Time += between / 2
			}
			return o
		}, want: found{Compared: 400, Equal: 400, Retimed: 200}, what: "retimed"},
		{name: "sound that drifts", kind: chunk.Audio, edit: func(o []frames.Frame) []frames.Frame {
			for i := range o {
				o[i].Time += int64(min(i, 90)) * between / 32
			}
			return o
		}, want: found{Compared: 400, Equal: 400, Retimed: 89}},
		{name: "sound with silence that drifts", kind: chunk.Audio, edit: func(o []frames.Frame) []frames.Frame {
			for i := range o {
				o[i].Time += int64(min(i, 90)) * between / 32
			}
			return o
		}, want: found{Compared: 400, Equal: 400, Retimed: 89}},
		{name: "silence, whose frames are all the same", kind: chunk.Audio, edit: func(o []frames.Frame) []frames.Frame {
			return slices.Delete(o, 30, 33)
		}, want: found{Compared: 397, Equal: 397, Missing: 3}, what: "missing"},
		{name: "a new epoch in the middle", edit: func(o []frames.Frame) []frames.Frame {
			for i := 200; i < len(o); i++ {
				o[i].Epoch, o[i].Time = 8, o[i].Time-ahead+300*ms
			}
			return slices.Delete(o, 198, 202)
		}, want: found{Compared: 396, Equal: 396, Missing: 4}, what: "missing"},
		{name: "what the input did not see", edit: func(o []frames.Frame) []frames.Frame {
			late := o[len(o)-1]
			late.Time += 10_000 * ms
			return append(o, late)
		}, want: found{Compared: 400, Equal: 400, Outside: 1}},
		{name: "nothing of it", edit: func(o []frames.Frame) []frames.Frame {
			for i := range o {
				o[i].Hash ^= 0xff00
			}
			return o
		}, want: found{Compared: 400, Foreign: 400}, what: "foreign"},
		{name: "nothing at all", edit: func([]frames.Frame) []frames.Frame { return nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.kind == 0 {
				c.kind = chunk.Video
			}
			in := slices.Clone(in)
			if strings.Contains(c.name, "silence") {
				for i := range in {
					if i%50 > 5 {
						in[i].Hash, in[i].Size = 5, 3
					}
				}
			}
			out := played(in, 100, 500)
			if c.edit != nil {
				out = c.edit(out)
			}
			r := frames.Compare(track(c.kind, in), track(c.kind, out))
			if len(r.Tracks) != 1 {
				t.Fatalf("%d tracks", len(r.Tracks))
			}
			got := r.Tracks[0]
			if got.Equal > 0 && (got.Delay.P50 != 300 || got.Delay.Max != 300) {
				t.Errorf("delay %+v", got.Delay)
			}
			if c.what != "" && (len(got.Examples) == 0 || got.Examples[0].What != c.what) {
				t.Errorf("examples %+v", got.Examples)
			}
			got.Kind, got.Input, got.Delay, got.Examples = "", 0, frames.Delay{}, nil
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("found %+v\nwant  %+v", got, c.want)
			}
			bad := got.Altered+got.Foreign+got.OutOfOrder+got.Duplicated > 0 || got.Retimed > 0 && c.kind == chunk.Video || got.Compared == 0
			if err := r.Err(); errors.Is(err, frames.ErrDiffers) != bad {
				t.Errorf("Err is %v", err)
			}
		})
	}
}

func TestATrackThatIsNotPlayedIsSaid(t *testing.T) {
	in := film(100)
	both := &frames.Recording{Tracks: []frames.Track{{Kind: chunk.Audio, Frames: in}, {Kind: chunk.Video, Frames: in}}}
	r := frames.Compare(both, track(chunk.Video, played(in, 10, 90)))
	if len(r.Tracks) != 2 || r.Tracks[0].Equal != 80 || r.Tracks[1].Compared != 0 || r.Err() == nil {
		t.Errorf("%+v, %v", r, r.Err())
	}
}

func TestAnInputThatIsReadAgainIsOne(t *testing.T) {
	in := film(600)
	for i := 300; i < len(in); i++ {
		in[i].Epoch, in[i].Time = 2, in[i].Time+222*ms
	}
	out := played(in, 100, 500)
	for i := 200; i < len(out); i++ {
		out[i].Time -= 222 * ms
	}
	r := frames.Compare(track(chunk.Video, slices.Delete(in, 295, 305)), track(chunk.Video, out))
	if got := r.Tracks[0]; got.Equal != 390 || got.Outside+got.Foreign != 10 || got.Missing != 0 {
		t.Errorf("%+v", got)
	}
}

func TestRecordingsTravel(t *testing.T) {
	want := *track(chunk.Audio, film(3))
	for name, code := range map[string]func(*bytes.Buffer, *frames.Recording) error{ // order-free: each on its own
		"gob": func(b *bytes.Buffer, to *frames.Recording) error {
			return errors.Join(gob.NewEncoder(b).Encode(want), gob.NewDecoder(b).Decode(to))
		},
		"json": func(b *bytes.Buffer, to *frames.Recording) error {
			return errors.Join(json.NewEncoder(b).Encode(want), json.NewDecoder(b).Decode(to))
		},
	} {
		var b bytes.Buffer
		var got frames.Recording
		if err := code(&b, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
