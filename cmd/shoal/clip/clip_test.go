package clip

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// bundled is what each clip must be; doc.go says the same in words.
var bundled = []struct {
	name       string
	video      codecs.Codec
	audio      codecs.Codec
	duration   time.Duration
	samples    [2]int // video, audio
	keys       int    // of the video
	reorder    time.Duration
	keyOfMean  [2]float64 // limits of the mean key frame's size, in mean frames
	bytesLimit int
}{
	{"av1-opus", &codecs.AV1{}, &codecs.Opus{}, 5 * time.Second, [2]int{150, 250}, 5, 0, [2]float64{2, 9}, small},
	{"clock", &codecs.H264{}, &codecs.MPEG4Audio{}, 8 * time.Second, [2]int{240, 375}, 8, 0, [2]float64{2, 5}, 1 << 20},
	{"h264-480x270-aac", &codecs.H264{}, &codecs.MPEG4Audio{}, sixteenThirds, [2]int{160, 250}, 4, 0, [2]float64{2, 9}, small},
	{"h264-bframes-aac", &codecs.H264{}, &codecs.MPEG4Audio{}, sixteenThirds, [2]int{160, 250}, 4, 100 * time.Millisecond, [2]float64{2, 9}, small},
	{"h264-big-keys-aac", &codecs.H264{}, &codecs.MPEG4Audio{}, sixteenThirds, [2]int{160, 250}, 4, 0, [2]float64{9, 12}, small},
	{"h264-long-gop-aac", &codecs.H264{}, &codecs.MPEG4Audio{}, 2 * sixteenThirds, [2]int{320, 500}, 1, 0, [2]float64{2, 9}, small},
	{"h264-opus", &codecs.H264{}, &codecs.Opus{}, 5 * time.Second, [2]int{150, 250}, 5, 0, [2]float64{2, 9}, small},
	{"h265-aac", &codecs.H265{}, &codecs.MPEG4Audio{}, sixteenThirds, [2]int{160, 250}, 4, 0, [2]float64{2, 9}, small},
	{"vp9-opus", &codecs.VP9{}, &codecs.Opus{}, 5 * time.Second, [2]int{150, 250}, 5, 0, [2]float64{2, 9}, small},
}

const (
	sixteenThirds = 16*time.Second/3 + 1 // rounded to the nearest nanosecond below
	small         = 150 << 10
)

func TestNamesAreTheBundledClips(t *testing.T) {
	var want []string
	for _, b := range bundled {
		want = append(want, b.name)
	}
	if got := Names(); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("Names() = %v, want %v", got, want)
	}
}

func TestBundledClipsAreWhatTheDocumentationSays(t *testing.T) {
	for _, want := range bundled {
		t.Run(want.name, func(t *testing.T) {
			c, err := Open(want.name)
			if err != nil {
				t.Fatal(err)
			}
			if data, _ := Bytes(want.name); len(data) > want.bytesLimit {
				t.Errorf("%d bytes, want at most %d", len(data), want.bytesLimit)
			}
			if diff := (c.Duration - want.duration).Abs(); diff > time.Nanosecond {
				t.Errorf("Duration %v, want %v", c.Duration, want.duration)
			}
			if c.Reorder.Round(time.Millisecond) != want.reorder {
				t.Errorf("Reorder %v, want %v", c.Reorder, want.reorder)
			}
			if len(c.Tracks) != 2 || !sameCodec(c.Tracks[0].Codec, want.video) || !sameCodec(c.Tracks[1].Codec, want.audio) {
				t.Fatalf("tracks %v, want %T and %T", c.Tracks, want.video, want.audio)
			}
			checkKeys(t, c.Tracks[0], want.keys, want.keyOfMean)
			for i, track := range c.Tracks {
				checkSeam(t, c, track, want.samples[i])
			}
		})
	}
}

// checkKeys looks at the number and the size of key frames.
func checkKeys(t *testing.T, video Track, want int, ratio [2]float64) {
	t.Helper()
	var keys, keyBytes, bytes int
	for _, s := range video.Samples {
		bytes += s.Size
		if s.Key {
			keys++
			keyBytes += s.Size
		}
	}
	if keys != want || !video.Samples[0].Key {
		t.Fatalf("%d key frames, want %d, one of them first", keys, want)
	}
	got := float64(keyBytes) / float64(keys) / (float64(bytes) / float64(len(video.Samples)))
	if got < ratio[0] || got > ratio[1] {
		t.Errorf("a key frame is %.1f times the mean frame, want %v", got, ratio)
	}
}

// checkSeam checks that the track begins at zero and ends where the loop does.
func checkSeam(t *testing.T, c *Clip, track Track, samples int) {
	t.Helper()
	if len(track.Samples) != samples {
		t.Errorf("%T: %d samples, want %d", track.Codec, len(track.Samples), samples)
	}
	first, end := track.Samples[0].PTS, time.Duration(0)
	for _, s := range track.Samples {
		first, end = min(first, s.PTS), max(end, s.PTS+s.Duration)
	}
	if first != 0 {
		t.Errorf("%T begins at %v, want 0", track.Codec, first)
	}
	if diff := (c.Duration - end).Abs(); diff > time.Nanosecond {
		t.Errorf("%T ends %v beside the loop's end", track.Codec, diff)
	}
}

func sameCodec(a, b codecs.Codec) bool {
	return strings.TrimPrefix(typeName(a), "*") == strings.TrimPrefix(typeName(b), "*")
}

func TestOpenOfAnUnknownNameListsTheKnown(t *testing.T) {
	_, err := Open("clok")
	if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), `"clok"`) || !strings.Contains(err.Error(), "clock") {
		t.Errorf("Open() = %v, want ErrUnknown with the choices", err)
	}
}

func TestOpenFileReadsWhatIsBundled(t *testing.T) {
	data, err := Bytes("h264-opus")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mine.mp4")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Duration != 5*time.Second || c.Name != path {
		t.Errorf("%s lasts %v, want %s and 5s", c.Name, c.Duration, path)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Tracks[0].Samples[0].Payload(); err == nil {
		t.Error("a sample is readable after Close")
	}
}

func TestOpenFileRefusesWhatIsNoMP4(t *testing.T) {
	good, err := Bytes("h264-opus")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty":     nil,
		"text":      []byte("this is no film at all, only text that is long enough"),
		"truncated": good[:2000],
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenFile(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("OpenFile(%s) = %v, want an error that names the file", name, err)
		}
	}
	if _, err := OpenFile(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("OpenFile(absent) = %v, want not exist", err)
	}
}

func TestTicksSurviveTheWayThroughDuration(t *testing.T) {
	for _, scale := range []int64{15360, 44100, 48000, 90000, 1001} {
		for ticks := int64(-5000); ticks < 1_000_000; ticks += 997 {
			if got := toTicks(toDuration(ticks, scale), scale); got != ticks {
				t.Fatalf("%d ticks of 1/%d s come back as %d", ticks, scale, got)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	data, err := Bytes("h264-bframes-aac")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:8000]) // the header; samples need not be there
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := read("fuzz", strings.NewReader(string(data)), nil)
		if err != nil {
			return
		}
		if c.Duration <= 0 || len(c.Tracks) == 0 {
			t.Errorf("a clip with %d tracks that lasts %v was accepted", len(c.Tracks), c.Duration)
		}
	})
}
