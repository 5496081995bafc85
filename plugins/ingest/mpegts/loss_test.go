package mpegts_test

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

const pidVideo = 256 // of a broadcast

// packets are those of a recording, which they alias.
func packets(recording []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for b := recording; len(b) >= 188 && yield(b[:188]); b = b[188:] {
		}
	}
}

func pid(p []byte) int { return int(p[1]&0x1f)<<8 | int(p[2]) }

// without is a recording of which packets are lost.
func without(recording []byte, lost func(n int, p []byte) bool) []byte {
	var out []byte
	n := 0
	for p := range packets(recording) {
		if !lost(n, p) {
			out = append(out, p...)
		}
		n++
	}
	return out
}

func TestALostPacketCostsPicturesUntilTheNextKeyFrame(t *testing.T) {
	t.Parallel()
	const name = "h264-opus" // a key frame every 30 pictures
	whole := record(t, name, 4*time.Second, &mpegtstest.Broadcast{})
	count := func(which func(picture, packet int, starts bool) bool) int {
		t.Helper()
		picture, packet := -1, 0
		epochs, log, _ := read(t, without(whole, func(_ int, p []byte) bool {
			if pid(p) != pidVideo {
				return false
			}
			if p[1]&0x40 != 0 {
				picture, packet = picture+1, 0
			}
			packet++
			return which(picture, packet, p[1]&0x40 != 0)
		}), nil)
		if len(epochs) != 1 {
			t.Fatalf("%d epochs", len(epochs))
		}
		says(t, log, "pictures are left out until the next key frame", 1)
		sane(t, name, epochs[0])
		_, _, tracks := epochs[0].Samples(t)
		return len(tracks[0])
	}
	// of 119, the last one being never complete
	for what, c := range map[string]struct {
		lost func(picture, packet int, starts bool) bool
		come int
	}{ // order-free: each is read alone
		"the first packet of picture 40":  {func(n, _ int, starts bool) bool { return n == 40 && starts }, 119 - 21},
		"the second packet of picture 30": {func(n, k int, _ bool) bool { return n == 30 && k == 2 }, 119 - 30},
		// the picture before might miss its end
		"all of picture 40": {func(n, _ int, _ bool) bool { return n == 40 }, 119 - 21},
		"all of picture 59": {func(n, _ int, _ bool) bool { return n == 59 }, 119 - 2},
	} {
		t.Run(what, func(t *testing.T) {
			if got := count(c.lost); got != c.come {
				t.Errorf("%d pictures came, want %d", got, c.come)
			}
		})
	}
}

// sane wants every sample to be one of the clip, unchanged, and every picture to follow the one before, unless decoding can
// begin at it.
func sane(t testing.TB, name string, e mpegtstest.Epoch) {
	t.Helper()
	c, err := clip.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	_, u, tracks := e.Samples(t)
	for i, came := range tracks {
		samples := map[string][]int{}
		for n, s := range c.Tracks[i].Samples {
			b, err := s.Payload()
			if err != nil {
				t.Fatal(err)
			}
			key := string(mpegtstest.Essence(t, u, i, b))
			samples[key] = append(samples[key], n)
		}
		last := -1
		for n, s := range came {
			numbers, ok := samples[string(mpegtstest.Essence(t, u, i, s.Payload))]
			if !ok {
				t.Fatalf("track %d: sample %d of %d bytes is none of the clip", i+1, n, len(s.Payload))
			}
			if e.Media.Tracks[i].Kind == chunk.Video {
				if !s.RandomAccess && numbers[0] != last+1 {
					t.Fatalf("picture %d of the clip came after %d", numbers[0], last)
				}
				last = numbers[0]
			}
		}
	}
}

func TestNothingDamagedIsHandedOnWhateverIsLost(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"h264-opus", "h265-aac", "h264-bframes-aac"} {
		whole := record(t, name, 5*time.Second, &mpegtstest.Broadcast{})
		for seed := range uint64(20) {
			rnd := rand.New(rand.NewPCG(seed, seed))
			t.Run(fmt.Sprintf("%s, seed %d", name, seed), func(t *testing.T) {
				run := 0
				epochs, _, _ := read(t, without(whole, func(n int, p []byte) bool {
					if run--; run < 0 && n > 20 && rnd.IntN(200) == 0 {
						run = rnd.IntN(8) // packets in a row; 16 of a track cannot be told
					}
					return run >= 0
				}), nil)
				if len(epochs) == 0 {
					t.Fatal("nothing came")
				}
				for _, e := range epochs {
					sane(t, name, e)
				}
			})
		}
	}
}

func TestRepeatedPacketsAreTakenOnce(t *testing.T) {
	t.Parallel()
	var twice []byte
	for p := range packets(record(t, "h264-opus", 3*time.Second, &mpegtstest.Broadcast{})) {
		twice = append(append(twice, p...), p...)
	}
	epochs, log, _ := read(t, twice, nil)
	if len(epochs) != 1 {
		t.Fatalf("%d epochs", len(epochs))
	}
	says(t, log, "missing", 0)
	epochs[0].Same(t, "h264-opus")
}

func TestGarbageBetweenPacketsIsSkipped(t *testing.T) {
	t.Parallel()
	var b []byte
	n := 0
	for p := range packets(record(t, "h264-opus", 3*time.Second, &mpegtstest.Broadcast{})) {
		if b = append(b, p...); n%50 == 0 {
			b = append(b, bytes.Repeat([]byte{0x11, 0x47, 0x00}, n%7)...)
		}
		n++
	}
	epochs, _, _ := read(t, b, nil)
	if len(epochs) != 1 {
		t.Fatalf("%d epochs", len(epochs))
	}
	epochs[0].Same(t, "h264-opus")
}

func TestAUnitThatNeverEndsIsNotKept(t *testing.T) {
	b := record(t, "h264-opus", time.Second, &mpegtstest.Broadcast{})
	var last, full []byte // of the picture
	for p := range packets(b) {
		if pid(p) == pidVideo {
			last = p
		}
		if pid(p) == pidVideo && p[1]&0x40 == 0 && p[3]&0x20 == 0 {
			full = bytes.Clone(p)
		}
	}
	const endless = 250_000 // packets: 46 MB, of which 8 are kept
	for n := range endless {
		full[3] = full[3]&0xf0 | (last[3]+1+byte(n))&0x0f
		b = append(b, full...)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	_, _, _ = read(t, b, nil) // only what it takes counts
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 2*endless*188 { // 66 MB; 162 where it is kept
		t.Errorf("%d MB of memory for a unit that does not end", grown>>20)
	}
}
