package frames_test

import (
	"math/rand/v2"
	"testing"

	"github.com/shoal-live/shoal/cmd/shoal/trial/frames"
	"github.com/shoal-live/shoal/core/chunk"
)

// TestSoundThatDriftsAndIsLostInPartsIsNoError takes sound that is mostly silence, whose frames are all the same, moved as the
// ingest moves it, with groups given up.
func TestSoundThatDriftsAndIsLostInPartsIsNoError(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, seed))
		in := film(1200)
		silent := 1 + rnd.IntN(49) // of 50 frames
		for i := range in {
			if i%50 < silent {
				in[i].Hash, in[i].Size = 5, 3
			}
		}
		out := played(in, 100+rnd.IntN(50), 1000+rnd.IntN(100))
		base := rnd.Int64N(1600*ms) - 800*ms
		moved, want := int64(0), int64(0)
		var kept []frames.Frame
		missing, skip := 0, 0
		for i := range out {
			if rnd.IntN(200) == 0 {
				want = rnd.Int64N(100*ms) - 50*ms
			}
			moved += min(max(want-moved, -between/32), between/32)
			if skip == 0 && i > 0 && rnd.IntN(100) == 0 {
				skip = 1 + rnd.IntN(25)
			}
			if skip > 0 && i < len(out)-1 {
				skip--
				missing++
				continue
			}
			f := out[i]
			f.Time += base + moved
			kept = append(kept, f)
		}
		r := frames.Compare(track(chunk.Audio, in), track(chunk.Audio, kept))
		// Where silence begins or ends the recording, nobody can tell how much of it is missing there.
		if got := r.Tracks[0]; r.Err() != nil || got.Equal != len(kept) || max(got.Missing-missing, missing-got.Missing) > 12 {
			t.Errorf("seed %d: %d missing, want about %d; %v; %+v", seed, got.Missing, missing, r.Err(), got)
		}
	}
}
