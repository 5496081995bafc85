package clip

import (
	"errors"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

func TestForRateNamesTheLargestClipThatFits(t *testing.T) {
	for _, c := range []struct {
		rate uint64
		want string // "" where none fits
	}{
		{0, ""}, {200_000, ""}, {240_000, ""},
		{300_000, "h264-opus"}, {800_000, "h264-opus"}, {1_050_000, "h264-opus"},
		{1_250_000, "clock"}, {2_500_000, "clock"}, {20_000_000, "clock"},
	} {
		got, err := ForRate(c.rate)
		if got != c.want || (c.want == "") != errors.Is(err, ErrUnknown) {
			t.Errorf("ForRate(%d) = %q, %v, want %q", c.rate, got, err, c.want)
		}
	}
}

func TestAClipNeedsATenthLessThanWhatItIsNamedFor(t *testing.T) {
	for _, name := range fillable {
		own, err := rateOf(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ForRate(own*10/9 - 1000); err == nil && got == name {
			t.Errorf("%s, which needs %d, is named for %d", name, own, own*10/9-1000)
		}
		if got, err := ForRate(own*10/9 + 1000); err != nil || got != name {
			t.Errorf("ForRate(%d) = %q, %v, want %q", own*10/9+1000, got, err, name)
		}
	}
}

// TestFillableClipsHaveAKeyFrameOnEachSecondAndNoOther also wants them in order.
func TestFillableClipsHaveAKeyFrameOnEachSecondAndNoOther(t *testing.T) {
	last := uint64(0)
	for _, name := range fillable {
		c := open(t, name)
		if _, ok := c.Tracks[0].Codec.(*codecs.H264); !ok || c.Reorder != 0 || c.Duration%time.Second != 0 {
			t.Errorf("%s is %T, reorders %v and lasts %v", name, c.Tracks[0].Codec, c.Reorder, c.Duration)
		}
		for i, s := range c.Tracks[0].Samples {
			if s.DTS != toDuration(int64(i), 30) || s.Key != (i%30 == 0) {
				t.Fatalf("%s: picture %d is at %v, key frame %v", name, i, s.DTS, s.Key)
			}
		}
		rate, err := rateOf(name)
		if err != nil || rate <= last {
			t.Errorf("%s has %d bits a second after %d: %v", name, rate, last, err)
		}
		last = rate
		t.Logf("%s needs %d bits a second", name, rate)
	}
}
