package feed

import (
	"errors"
	"fmt"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
)

// Use says which tracks of a group can be used.
type Use uint8

// The answers.
const (
	Nothing   Use = 0
	AudioOnly Use = 1 // a gap took what the video builds on
	Whole     Use = 2
)

// ErrEpoch means that an epoch cannot be used: its media is passed over until the next one begins.
var ErrEpoch = errors.New("epoch cannot be used")

// Tracker follows a feed. Its zero value waits for the first Begin.
type Tracker struct {
	descriptor *chunk.Descriptor
	unpackager *cmaf.Unpackager // nil while there is no epoch that can be used
	samples    []cmaf.Sample    // of Media, used again each time
	video      bool             // the epoch has video
	audio      bool             // the epoch has audio
	started    bool             // a random-access group has passed since Begin
	broken     bool             // a gap has passed since the last random-access group
}

// Begin starts an epoch. Errors: ErrEpoch, when its init segment cannot be read.
func (t *Tracker) Begin(d *chunk.Descriptor) error {
	*t = Tracker{samples: t.samples[:0]}
	init, err := cmaf.ParseInit(d.Init)
	if err != nil {
		return fmt.Errorf("%w: epoch %d: %w", ErrEpoch, d.Epoch, err)
	}
	for i := range init.Tracks {
		switch init.Tracks[i].Kind {
		case chunk.Video:
			t.video = true
		case chunk.Audio:
			t.audio = true
		}
	}
	t.descriptor, t.unpackager = d, cmaf.NewUnpackager(init)
	return nil
}

// Gap notes that media is missing.
func (t *Tracker) Gap() { t.broken = true }

// Restart waits for a random-access group again, as after Begin: what went before did not reach the output.
func (t *Tracker) Restart() { t.started = false }

// Media reads a group and says what of it can be used. The samples are in order of their decoding time and valid
// until the next call; their payloads alias the group's. An error means that the group is malformed: it counts as a gap.
func (t *Tracker) Media(g *chunk.Group) (Use, []cmaf.Sample, error) {
	if t.unpackager == nil {
		return Nothing, nil, nil
	}
	samples, err := t.unpackager.Parse(t.samples[:0], g.Payload)
	if err != nil {
		t.Gap()
		return Nothing, nil, fmt.Errorf("group %d of epoch %d: %w", g.Group, g.Epoch, err)
	}
	t.samples = samples
	return t.use(g), samples, nil
}

func (t *Tracker) use(g *chunk.Group) Use {
	if g.RandomAccess || !t.video {
		t.started, t.broken = true, false
	}
	switch {
	case !t.started:
		return Nothing
	case !t.broken:
		return Whole
	case t.audio:
		return AudioOnly
	}
	return Nothing
}

// Descriptor is that of the epoch, nil when there is none that can be used.
func (t *Tracker) Descriptor() *chunk.Descriptor { return t.descriptor }

// Unpackager is that of the epoch, nil when there is none that can be used.
func (t *Tracker) Unpackager() *cmaf.Unpackager { return t.unpackager }

// HasVideo reports whether the epoch has video.
func (t *Tracker) HasVideo() bool { return t.video }
