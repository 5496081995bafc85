package cliptest

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
)

// copyOf is what a perfect reader would have received of two loops of c.
func copyOf(t *testing.T, c *clip.Clip) *Recording {
	t.Helper()
	rates := []int64{90000, 48000}
	r := &Recording{}
	for i, from := range c.Tracks {
		to := &Track{Codec: from.Codec, ClockRate: rates[i]}
		to.clock.ntp = time.Unix(1000, 0) // at tick 0
		for loop := range 2 {
			for _, s := range from.Samples {
				data, err := s.Payload()
				if err != nil {
					t.Fatal(err)
				}
				ticks := func(d time.Duration) int64 {
					d += time.Duration(loop) * c.Duration
					return int64(d.Seconds()*float64(rates[i]) + 0.5)
				}
				to.Units = append(to.Units, Unit{Payload: data, Ticks: ticks(s.PTS), DTS: ticks(s.DTS), Key: s.Key})
			}
		}
		r.Tracks = append(r.Tracks, to)
	}
	return r
}

func open(t *testing.T, name string) *clip.Clip {
	t.Helper()
	c, err := clip.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAPerfectCopyPasses(t *testing.T) {
	for _, name := range clip.Names() {
		t.Run(name, func(t *testing.T) {
			c := open(t, name)
			r := copyOf(t, c)
			if err := r.CheckWhole(c); err != nil {
				t.Error(err)
			}
			if skew, err := r.Skew(c); err != nil || skew.Abs() > time.Microsecond {
				t.Errorf("Skew() = %v, %v, want 0", skew, err)
			}
		})
	}
}

func TestCheckWholeSees(t *testing.T) {
	damage := map[string]func(*Track){
		"a missing unit":   func(t *Track) { t.Units = slices.Delete(t.Units, 20, 21) },
		"a repeated unit":  func(t *Track) { t.Units = slices.Insert(t.Units, 20, t.Units[19]) },
		"a changed unit":   func(t *Track) { t.Units[20].Payload = []byte("not what was published") },
		"swapped units":    func(t *Track) { t.Units[20], t.Units[21] = t.Units[21], t.Units[20] },
		"a late timestamp": func(t *Track) { t.Units[20].Ticks += t.ClockRate / 50 },
		"no units":         func(t *Track) { t.Units = nil },
	}
	c := open(t, "h264-480x270-aac")
	for name, do := range damage {
		for i := range 2 {
			r := copyOf(t, c)
			do(r.Tracks[i])
			if err := r.CheckWhole(c); !errors.Is(err, ErrNotTheClip) {
				t.Errorf("%s on track %d: CheckWhole() = %v, want ErrNotTheClip", name, i, err)
			}
		}
	}
}

func TestSkewIsThatOfTheSound(t *testing.T) {
	c := open(t, "clock")
	for _, late := range []time.Duration{0, 15 * time.Millisecond, -40 * time.Millisecond, 3 * time.Second, -3 * time.Second} {
		r := copyOf(t, c)
		r.Tracks[1].clock.ntp = r.Tracks[1].clock.ntp.Add(late)
		if skew, err := r.Skew(c); err != nil || (skew-late).Abs() > time.Microsecond {
			t.Errorf("Skew() = %v, %v, want %v", skew, err, late)
		}
	}
}

func TestSkewNeedsSenderReports(t *testing.T) {
	c := open(t, "clock")
	r := copyOf(t, c)
	r.Tracks[1].clock = rtpClock{}
	if _, err := r.Skew(c); err == nil {
		t.Error("a skew was found without a clock")
	}
}

func TestDecodeSeesADamagedFrame(t *testing.T) {
	c := open(t, "h264-480x270-aac")
	r := copyOf(t, c)
	err := r.Decode(t.Context(), t.TempDir())
	if errors.Is(err, ErrNoFFmpeg) {
		t.Skipf("SKIPPED: %v", err)
	}
	if err != nil {
		t.Errorf("Decode() of a perfect copy: %v", err)
	}
	broken := r.Tracks[0].Units[20].Payload
	clear(broken[len(broken)/3:])
	if err := r.Decode(t.Context(), t.TempDir()); err == nil {
		t.Error("ffmpeg decodes a frame of zeros without a word")
	}
}

func TestDecodeSaysThatThereIsNoFFmpeg(t *testing.T) {
	t.Setenv("PATH", os.TempDir())
	if err := (&Recording{}).Decode(t.Context(), t.TempDir()); !errors.Is(err, ErrNoFFmpeg) {
		t.Errorf("Decode() = %v, want ErrNoFFmpeg", err)
	}
}

func TestUnwrapFollowsTimestampsOverTheirEnd(t *testing.T) {
	var c rtpClock
	for i, ts := range []uint32{0xfffffff0, 0xfffffffe, 0x10, 0xffffffff, 0x20} {
		want := []int64{0xfffffff0, 0xfffffffe, 0x1_0000_0010, 0xffffffff, 0x1_0000_0020}[i]
		if got := c.unwrap(ts); got != want {
			t.Errorf("unwrap(%#x) = %#x, want %#x", ts, got, want)
		}
	}
}
