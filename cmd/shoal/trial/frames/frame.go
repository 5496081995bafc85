package frames

import "github.com/shoal-live/shoal/core/chunk"

// Frame is one picture or one frame of audio.
type Frame struct {
	Epoch uint32 // of the stream at an output, the number of the connection at an input: within one, times are on one line
	Size  uint32 // bytes that were hashed
	Hash  uint64
	Time  int64 // when it is presented: nanoseconds, from a zero that is near 1970 and the same throughout an epoch
	At    int64 // when it was complete at an input, played out at an output: nanoseconds since 1970
}

// Track is what was seen of one elementary stream.
type Track struct {
	Kind      chunk.Kind
	Frames    []Frame // in the order in which they came, which is that of decoding
	Forgotten uint64  // frames that were older than a recorder keeps, or more than it holds
}

// Recording is what a recorder has seen. The n-th track of a kind is the same on both sides.
type Recording struct {
	Tracks     []Track
	Unreadable uint64 // packets or groups that could not be read: their frames are not here
}

// track is the n-th of a kind, nil when there is none.
func (r *Recording) track(kind chunk.Kind, n int) *Track {
	for i := range r.Tracks {
		if r.Tracks[i].Kind != kind {
			continue
		}
		if n == 0 {
			return &r.Tracks[i]
		}
		n--
	}
	return nil
}
