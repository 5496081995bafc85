package mpegtstest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

// Patience is how long a recorder waits for what must come.
const Patience = 15 * time.Second

// Epoch is what a recorder got between two Tracks.
type Epoch struct {
	Media  ingest.Media
	Groups []chunk.Group
}

// Recorder is a sink that keeps everything.
type Recorder struct {
	mu     sync.Mutex
	epochs []Epoch
	wake   chan struct{}
}

// NewRecorder is an empty one.
func NewRecorder() *Recorder { return &Recorder{wake: make(chan struct{}, 1)} }

// Tracks implements [ingest.Sink].
func (r *Recorder) Tracks(m ingest.Media) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epochs = append(r.epochs, Epoch{Media: m})
	return nil
}

// Group implements [ingest.Sink].
func (r *Recorder) Group(g chunk.Group) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := &r.epochs[len(r.epochs)-1]
	e.Groups = append(e.Groups, g)
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return nil
}

// Epochs are those so far.
func (r *Recorder) Epochs() []Epoch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.epochs)
}

// Wait returns once there are n epochs and the last holds d of media.
func (r *Recorder) Wait(t testing.TB, n int, d time.Duration) []Epoch {
	t.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	for {
		epochs := r.Epochs()
		if len(epochs) >= n {
			groups := epochs[len(epochs)-1].Groups
			if len(groups) > 0 && groups[len(groups)-1].Time >= d {
				return epochs
			}
		}
		select {
		case <-r.wake:
		case <-deadline.C:
			t.Fatalf("%d epochs came in %v, %d were waited for, the last with %v of media", len(epochs), Patience, n, d)
		}
	}
}

// Samples are those of each track, in decoding order.
func (e *Epoch) Samples(t testing.TB) (*cmaf.Init, *cmaf.Unpackager, [][]cmaf.Sample) {
	t.Helper()
	in, err := cmaf.ParseInit(e.Media.Init)
	if err != nil {
		t.Fatal(err)
	}
	u := cmaf.NewUnpackager(in)
	tracks := make([][]cmaf.Sample, len(in.Tracks))
	for _, g := range e.Groups {
		samples, err := u.Parse(nil, g.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			tracks[s.Track] = append(tracks[s.Track], s)
		}
	}
	return in, u, tracks
}

// Same wants e to be a run of the clip's samples: every one in order, none missing or changed, at its time, sound and picture
// as far apart as they are in the clip.
func (e *Epoch) Same(t testing.TB, name string) { t.Helper(); e.SameWithin(t, name, rounding) }

// SameWithin is Same for a source that shifts sound against the picture by up to so much.
func (e *Epoch) SameWithin(t testing.TB, name string, apart time.Duration) {
	t.Helper()
	c, err := clip.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	in, u, tracks := e.Samples(t)
	if len(tracks) != len(c.Tracks) {
		t.Fatalf("%d tracks, the clip has %d", len(tracks), len(c.Tracks))
	}
	var zeros []map[time.Duration]bool // of each track, where the stream's zero may be in the clip
	for i, came := range tracks {
		if len(came) < 10 || in.Tracks[i].Kind == chunk.Video && !came[0].RandomAccess {
			t.Fatalf("track %d has %d samples", i+1, len(came))
		}
		z, err := runs(c, i, u, came)
		if err != nil {
			t.Fatalf("track %d: %v", i+1, err)
		}
		zeros = append(zeros, z)
	}
	for at := range zeros[0] { // order-free: one is enough
		if slices.ContainsFunc(zeros, func(z map[time.Duration]bool) bool { return !near(z, at, c.Duration, apart) }) {
			continue
		}
		return
	}
	t.Errorf("sound and picture are not as far apart as in the clip: %v", zeros)
}

// rounding is how far times may be off.
const rounding = time.Millisecond

func near(z map[time.Duration]bool, at, around, apart time.Duration) bool {
	for other := range z { // order-free: one is enough
		if d := mod(at-other, around); min(d, around-d) <= apart {
			return true
		}
	}
	return false
}

// runs are the places in the clip at which the stream's zero can be, so that came follows from there. There may be several: a
// clip's sound is the same every second.
func runs(c *clip.Clip, i int, u *cmaf.Unpackager, came []cmaf.Sample) (map[time.Duration]bool, error) {
	samples := c.Tracks[i].Samples
	hashes := make([][32]byte, len(samples))
	for n, s := range samples {
		b, err := s.Payload()
		if err != nil {
			return nil, err
		}
		if hashes[n], err = essence(u, cmaf.Sample{Track: came[0].Track, Payload: b}); err != nil {
			return nil, err
		}
	}
	var farthest int
	zeros := map[time.Duration]bool{}
	for first := range samples {
		n := 0
		zero := mod(samples[first].PTS-u.PTS(&came[0]), c.Duration)
		for ; n < len(came); n++ {
			this := (first + n) % len(samples)
			hash, err := essence(u, came[n])
			if err != nil {
				return nil, err
			}
			d := mod(samples[this].PTS-u.PTS(&came[n])-zero, c.Duration)
			if hash != hashes[this] || min(d, c.Duration-d) > rounding {
				break
			}
		}
		if farthest = max(farthest, n); n == len(came) {
			zeros[zero] = true
		}
	}
	if len(zeros) == 0 {
		return nil, fmt.Errorf("of %d samples, number %d does not follow the ones before in the clip", len(came), farthest+1)
	}
	return zeros, nil
}

// Essence is what tells a sample of a track from others: a hash of its largest unit.
func Essence(t testing.TB, u *cmaf.Unpackager, track int, payload []byte) []byte {
	t.Helper()
	hash, err := essence(u, cmaf.Sample{Track: track, Payload: payload})
	if err != nil {
		t.Fatal(err)
	}
	return hash[:]
}

// essence is the hash of the largest unit of a sample: the picture, or the frame of audio.
func essence(u *cmaf.Unpackager, s cmaf.Sample) ([32]byte, error) {
	units, err := u.Units(&s)
	if err != nil {
		return [32]byte{}, err
	}
	return sha256.Sum256(slices.MaxFunc(units, func(a, b []byte) int { return len(a) - len(b) })), nil
}

func mod(d, m time.Duration) time.Duration { return ((d % m) + m) % m }
