package mpegts_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	ts "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	tscodecs "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

func TestEveryCodecComesThroughAsItWentIn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"clock", "h264-opus", "h265-aac", "h264-bframes-aac", "h264-big-keys-aac"} {
		t.Run(name, func(t *testing.T) {
			epochs, _, err := read(t, record(t, name, 6*time.Second, &mpegtstest.Broadcast{}), nil)
			if !errors.Is(err, ingest.ErrSource) {
				t.Errorf("Read returned %v", err)
			}
			if len(epochs) != 1 {
				t.Fatalf("%d epochs", len(epochs))
			}
			epochs[0].Same(t, name)
			// all but the last two: one is not complete before the next begins, and B-frames come two later
			if _, _, tracks := epochs[0].Samples(t); len(tracks[0]) < 6*30-2 {
				t.Errorf("%d pictures of 180", len(tracks[0]))
			}
		})
	}
}

// near33 is a time that wraps after two seconds.
const near33 = 1<<33 - 2*90000

func TestTimeMayWrap(t *testing.T) {
	t.Parallel()
	epochs, _, _ := read(t, record(t, "h264-bframes-aac", 6*time.Second, &mpegtstest.Broadcast{Zero: near33}), nil)
	if len(epochs) != 1 {
		t.Fatalf("%d epochs", len(epochs))
	}
	epochs[0].Same(t, "h264-bframes-aac")
}

func TestAJumpInTimeBeginsAnEpoch(t *testing.T) {
	t.Parallel()
	const second = 90000
	for name, c := range map[string]struct {
		zero     int64 // of what follows 3 s of a recording that began at 100 s
		announce bool
		epochs   int
	}{ // order-free: subtests do not touch one another
		"back":                       {0, false, 2},
		"back by half a second":      {102.5 * second, false, 2},
		"far ahead":                  {1000 * second, false, 2},
		"5 s ahead, announced":       {108 * second, true, 2},
		"5 s ahead, which is a hole": {108 * second, false, 1},
		"over the wrap, back":        {near33, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := &mpegtstest.Broadcast{Zero: 100 * second}
			first := record(t, "h264-opus", 3*time.Second, b)
			second := record(t, "h264-opus", 3*time.Second, &mpegtstest.Broadcast{Zero: c.zero})
			if c.announce {
				announce(second)
			}
			epochs, log, _ := read(t, append(first, second...), nil)
			if len(epochs) != c.epochs {
				t.Fatalf("%d epochs:\n%s", len(epochs), log)
			}
			if c.epochs == 1 {
				return
			}
			for _, e := range epochs {
				e.Same(t, "h264-opus")
			}
		})
	}
}

// announce sets the discontinuity indicator of the first picture.
func announce(recording []byte) {
	for p := range packets(recording) {
		if pid(p) == pidVideo && p[3]&0x20 != 0 && p[4] > 0 {
			p[5] |= 0x80
			return
		}
	}
}

func TestAJumpOfTheStreamsClockAloneIsNone(t *testing.T) {
	t.Parallel()
	b := record(t, "h264-opus", 4*time.Second, &mpegtstest.Broadcast{})
	n := 0
	for p := range packets(b) {
		if p[3]&0x20 != 0 && p[4] > 6 && p[5]&0x10 != 0 {
			copy(p[6:10], bytes.Repeat([]byte{byte(n * 77)}, 4))
			n++
		}
	}
	epochs, _, _ := read(t, b, nil)
	if n < 5 || len(epochs) != 1 {
		t.Fatalf("%d epochs, with %d clocks changed", len(epochs), n)
	}
	epochs[0].Same(t, "h264-opus")
}

func TestAPictureOfAnotherSizeBeginsAnEpoch(t *testing.T) {
	t.Parallel()
	b := &mpegtstest.Broadcast{Mute: true}
	b.At = func(at time.Duration) error {
		if at > 2*time.Second && at < 2100*time.Millisecond {
			b.Change("h264-480x270-aac")
		}
		return nil
	}
	epochs, _, _ := read(t, record(t, "h264-opus", 4*time.Second, b), nil)
	if len(epochs) != 2 || epochs[0].Media.Tracks[0].Width != 320 || epochs[1].Media.Tracks[0].Width != 480 {
		t.Fatalf("%d epochs", len(epochs))
	}
}

// sound is a second of MPEG-4 audio as one track.
func sound(t *testing.T, channels uint8, zero int64) []byte {
	t.Helper()
	var b bytes.Buffer
	k := &ts.Track{PID: 300, Codec: &tscodecs.MPEG4Audio{Config: mpeg4audio.AudioSpecificConfig{
		Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: channels,
	}}}
	w := &ts.Writer{W: &b, Tracks: []*ts.Track{k}}
	if err := w.Initialize(); err != nil {
		t.Fatal(err)
	}
	for n := range int64(47) {
		if err := w.WriteMPEG4Audio(k, zero+n*1920, [][]byte{bytes.Repeat([]byte{channels, byte(n)}, 50)}); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestSoundOfOtherChannelsBeginsAnEpoch(t *testing.T) {
	t.Parallel()
	first, second := sound(t, 1, 0), sound(t, 2, 90240)
	epochs, log, _ := read(t, append(first, second...), nil)
	if len(epochs) != 2 || epochs[0].Media.Tracks[0].Channels != 1 || epochs[1].Media.Tracks[0].Channels != 2 {
		t.Fatalf("%d epochs:\n%s", len(epochs), log)
	}
	for i, e := range epochs {
		_, _, tracks := e.Samples(t)
		for n, s := range tracks[0] {
			if s.Payload[0] != byte(i+1) {
				t.Fatalf("epoch %d, sample %d is of the other", i+1, n)
			}
		}
		if first := tracks[0][0].Payload[1]; first != 0 || len(tracks[0]) < 46 { // the last may wait for another to make a group
			t.Errorf("epoch %d has %d samples of 47, from number %d on", i+1, len(tracks[0]), first)
		}
	}
}

func TestATrackThatCannotBeCarriedIsDroppedWhereThatIsWanted(t *testing.T) {
	t.Parallel()
	b := record(t, "h264-opus", 2*time.Second, &mpegtstest.Broadcast{Silent: []mpegtstest.Track{
		{Codec: &tscodecs.AC3{SampleRate: 48000, ChannelCount: 2}}, {Codec: &tscodecs.KLV{}},
	}})
	_, _, err := read(t, b, nil)
	if !errors.Is(err, ingest.ErrCodec) || !strings.Contains(err.Error(), "track 3 (audio, PID 258): codec not supported: AC-3") ||
		!strings.Contains(err.Error(), "unsupportedTracks: drop") {
		t.Errorf("Read returned %v", err)
	}
	epochs, log, err := read(t, b, map[string]string{"unsupportedTracks": "drop"})
	if !errors.Is(err, ingest.ErrSource) || len(epochs) != 1 {
		t.Fatalf("%d epochs, %v", len(epochs), err)
	}
	epochs[0].Same(t, "h264-opus")
	says(t, log, "a track is left out", 1)
}

func TestWhatIsNoTransportStreamSaysSo(t *testing.T) {
	t.Parallel()
	for name, b := range map[string][]byte{ // order-free: subtests do not touch one another
		"nothing": nil,
		"text":    []byte(strings.Repeat("<html>hello</html>\n", 10000)),
		"G":       bytes.Repeat([]byte{0x47}, 100000),
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := read(t, b, nil); !errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), "it has ended") {
				t.Errorf("Read returned %v", err)
			}
		})
	}
}
