package trial

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/trial/frames"
	"github.com/shoal-live/shoal/core/chunk"
)

// film is what MediaMTX is given: pictures 20 ms apart, none like another.
func film(count int) []frames.Frame {
	var list []frames.Frame
	for i := range count {
		at := int64(time.Hour) + int64(i)*int64(20*time.Millisecond)
		list = append(list, frames.Frame{Epoch: 1, Size: 100, Hash: uint64(i), Time: at, At: at})
	}
	return list
}

func recording(list []frames.Frame) *frames.Recording {
	return &frames.Recording{Tracks: []frames.Track{{Kind: chunk.Video, Frames: list}}}
}

func TestFramesOfAllViewersAreAddedUp(t *testing.T) {
	in := film(200)
	altered := slices.Clone(in[50:150])
	altered[40].Hash = 1 << 40
	m := new(Media)
	m.compare(0, recording(in), recording(in[20:120]))
	m.compare(1, recording(in), &frames.Recording{}) // it never played
	m.compare(2, recording(in), recording(slices.Delete(slices.Clone(in[50:150]), 10, 13)))
	if err := m.Err(); err != nil {
		t.Errorf("missing frames are an error: %v", err)
	}
	m.compare(3, recording(in), recording(altered))
	if m.Viewers != 3 || m.Silent != 1 || m.Input != 200 || m.Compared != 297 || m.Equal != 296 || m.Missing != 3 || m.Altered != 1 {
		t.Errorf("found %+v", m)
	}
	if err := m.Err(); !errors.Is(err, ErrMedia) || !errors.Is(err, frames.ErrDiffers) {
		t.Errorf("an altered frame is %v", err)
	}
}

func TestNobodyWhoPlaysIsAnError(t *testing.T) {
	m := new(Media)
	m.compare(0, recording(film(10)), &frames.Recording{})
	if err := m.Err(); !errors.Is(err, ErrMedia) {
		t.Errorf("nothing compared is %v", err)
	}
}
