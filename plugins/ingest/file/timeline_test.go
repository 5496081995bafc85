package file

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

func TestEveryClipComesOutAsItIsOverAllLoops(t *testing.T) {
	for _, name := range clip.Names() {
		t.Run(name, func(t *testing.T) {
			c, err := clip.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			path := bundled(t, name)
			synctest.Test(t, func(t *testing.T) {
				r := newRecorder(t, 5*c.Duration/2)
				if err := play(t, ingest.Config{Source: path}, r); err != nil {
					t.Fatal(err)
				}
				same(t, c, r)
			})
		})
	}
}

// same wants every sample of the clip in order, over as many loops as there are, and each at its time to the tick.
func same(t *testing.T, c *clip.Clip, r *recorder) {
	t.Helper()
	if len(r.media) != 1 || len(r.samples) != len(c.Tracks) {
		t.Fatalf("%d epochs, the last of %d tracks", len(r.media), len(r.samples))
	}
	begins := r.unpack.PTS(&r.samples[0][0]) - c.Tracks[0].Samples[0].PTS // an epoch begins when its first picture is decoded
	for i, came := range r.samples {
		want := c.Tracks[i].Samples
		if len(came) < 2*len(want) {
			t.Fatalf("track %d: %d samples in two loops and a half of %d", i+1, len(came), len(want))
		}
		for n := range came {
			w := want[n%len(want)]
			payload, err := w.Payload()
			if err != nil {
				t.Fatal(err)
			}
			if essence(t, r.unpack, came[n]) != essence(t, r.unpack, cmaf.Sample{Track: i, Payload: payload}) {
				t.Fatalf("track %d: sample %d is another", i+1, n)
			}
			at := begins + w.PTS + time.Duration(n/len(want))*c.Duration
			tick := time.Second / time.Duration(r.unpack.Init().Tracks[i].Timescale)
			if off := r.unpack.PTS(&came[n]) - at; off.Abs() > tick+tick/2 {
				t.Fatalf("track %d: sample %d is %v from its time", i+1, n, off)
			}
		}
	}
}

// essence is the hash of the largest unit of a sample: the picture, or the frame of audio.
func essence(t *testing.T, u *cmaf.Unpackager, s cmaf.Sample) [32]byte {
	t.Helper()
	units, err := u.Units(&s)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(slices.MaxFunc(units, func(a, b []byte) int { return len(a) - len(b) }))
}

func TestHoursAreKeptToTheMillisecond(t *testing.T) {
	path := bundled(t, "h264-long-gop-aac")
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t, time.Hour)
		if err := play(t, ingest.Config{Source: path, Span: time.Second}, r); err != nil {
			t.Fatal(err)
		}
		first := r.groups[0]
		for n, g := range r.groups {
			wall := time.Duration(g.Born-first.Born) * time.Microsecond
			ends := g.Time + g.Span - first.Time - first.Span
			if off := (wall - ends).Abs(); off > 35*time.Millisecond { // a group is born with its last frame
				t.Fatalf("group %d ends at %v and is born at %v", n, ends, wall)
			}
			if g.Time > time.Hour-time.Second && n%32 == 0 && (wall-ends).Abs() > time.Millisecond+time.Second/30 {
				t.Errorf("an hour is %v off", wall-ends)
			}
		}
	})
}

// slow holds up the reader once.
type slow struct {
	*recorder
	at   int
	hold time.Duration
}

func (s *slow) Group(g chunk.Group) error {
	if len(s.groups) == s.at {
		<-time.After(s.hold)
	}
	return s.recorder.Group(g)
}

func TestAReaderThatWasHeldUpSendsNothingInABurst(t *testing.T) {
	path := bundled(t, "h264-opus")
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t, 4*time.Second)
		in, err := New(ingest.Config{Source: path})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		enough := errors.New("enough")
		go func() { done <- in.Run(t.Context(), &until{&slow{r, 30, 3 * time.Second}, r, enough}) }()
		if err := <-done; !errors.Is(err, enough) {
			t.Fatal(err)
		}
		for n := 32; n < len(r.groups); n++ {
			media, wall := r.groups[n].Time-r.groups[n-1].Time, time.Duration(r.groups[n].Born-r.groups[n-1].Born)*time.Microsecond
			if wall < media/2 {
				t.Errorf("group %d comes %v after the one before and lasts %v", n, wall, media)
			}
		}
	})
}

// until ends with an error when the recorder has enough.
type until struct {
	ingest.Sink
	r   *recorder
	err error
}

func (u *until) Group(g chunk.Group) error {
	if err := u.Sink.Group(g); err != nil {
		return err
	}
	select {
	case <-u.r.full:
		return u.err
	default:
		return nil
	}
}

// onceThrough plays path once and answers what came.
func onceThrough(t *testing.T, path string) *recorder {
	t.Helper()
	var r *recorder
	synctest.Test(t, func(t *testing.T) {
		r = newRecorder(t, time.Hour)
		err := play(t, ingest.Config{Source: path, Params: map[string]string{"loop": "no"}}, r)
		if !errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), "ended") {
			t.Fatalf("Run returned %v", err)
		}
	})
	return r
}

func TestFragmentsHoldTheSameAsAnIndex(t *testing.T) {
	for _, name := range []string{"h264-bframes-aac", "av1-opus"} {
		path := bundled(t, name)
		want := onceThrough(t, path)
		forms := map[string]string{"its own": asFragments(t, path)}
		for form, flags := range map[string]string{
			"a moof a key frame":             "frag_keyframe+empty_moov+default_base_moof",
			"absolute offsets":               "frag_keyframe+empty_moov",
			"offsets that follow on":         "frag_keyframe+empty_moov+omit_tfhd_offset",
			"a moof a track":                 "frag_keyframe+empty_moov+separate_moof",
			"first an index, then fragments": "frag_keyframe",
			"an index at the front":          "faststart",
			"negative composition offsets":   "negative_cts_offsets",
		} {
			forms[form] = ffmpeg(t, path, "-c", "copy", "-movflags", flags)
		}
		for form, path := range forms {
			t.Run(name+", "+form, func(t *testing.T) {
				got := onceThrough(t, path)
				for i, all := range want.samples {
					if i > 0 && len(got.samples[i]) == len(all)-1 {
						all = all[1:] // ffmpeg moves a frame of sound to before the first picture
					}
					if len(got.samples[i]) != len(all) {
						t.Fatalf("track %d has %d samples, want %d", i+1, len(got.samples[i]), len(all))
					}
					for n := range all {
						g, w := got.samples[i][n], all[n]
						if off := got.unpack.PTS(&g) - want.unpack.PTS(&w); essence(t, got.unpack, g) != essence(t, want.unpack, w) || off.Abs() > time.Millisecond {
							t.Fatalf("track %d: sample %d is another, or %v from its time", i+1, n, off)
						}
					}
				}
			})
		}
	}
}
