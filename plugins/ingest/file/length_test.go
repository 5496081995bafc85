package file

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/core/ingest"
)

func TestALoopEndsWithThePictureUnlessTheSoundIsMuchLonger(t *testing.T) {
	picture := func(end time.Duration) *track { return &track{codec: &codecs.H264{}, surveyed: survey{end: end}} }
	sound := func(end time.Duration) *track { return &track{codec: &codecs.Opus{}, surveyed: survey{end: end}} }
	for _, c := range []struct {
		name   string
		tracks []*track
		want   time.Duration
	}{
		{"picture alone", []*track{picture(2 * time.Second)}, 2 * time.Second},
		{"sound alone", []*track{sound(100 * time.Millisecond)}, 100 * time.Millisecond},
		{"padded sound", []*track{picture(2 * time.Second), sound(2100 * time.Millisecond)}, 2 * time.Second},
		{"shorter sound", []*track{picture(2 * time.Second), sound(time.Second)}, 2 * time.Second},
		{"a still picture", []*track{sound(9 * time.Second), picture(time.Second)}, 9 * time.Second},
	} {
		if got := length(c.tracks); got != c.want {
			t.Errorf("%s: a loop lasts %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPaddedSoundDoesNotMoveThePicture(t *testing.T) {
	both := bundled(t, "h264-opus")
	picture := ffmpeg(t, both, "-t", "2", "-c:v", "copy", "-an")
	path := ffmpeg(t, picture, "-i", both, "-map", "0:v", "-map", "1:a", "-t", "2.1", "-c:v", "copy", "-c:a", "aac") // sound of 2.1 s
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t, 10*time.Second)
		if err := play(t, ingest.Config{Source: path}, r); err != nil {
			t.Fatal(err)
		}
		for i, most := range []time.Duration{time.Millisecond, 22 * time.Millisecond} {
			samples := r.samples[i]
			for n := 1; n < len(samples); n++ {
				step := time.Second / 30
				if i == 1 {
					step = 1024 * time.Second / 48000
				}
				if off := r.unpack.PTS(&samples[n]) - r.unpack.PTS(&samples[n-1]) - step; off.Abs() > most {
					t.Errorf("track %d: sample %d is %v from where it should be after the one before", i+1, n, off)
				}
			}
		}
		if len(r.media) != 1 {
			t.Errorf("%d epochs", len(r.media))
		}
	})
}
