package clip

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// Clip is a readable MP4. It belongs to one goroutine at a time.
type Clip struct {
	// Name is the bundled clip's name or the file's path.
	Name string

	// Duration is the length of one loop: the end of the longest track.
	Duration time.Duration

	// Reorder is the largest distance from a sample's decoding to its
	// presentation time; zero without B-frames.
	Reorder time.Duration

	// Tracks has at least one track, in the file's order. The caller does not
	// change it.
	Tracks []Track

	file io.Closer // nil for a bundled clip
}

// Track is one elementary stream of a clip.
type Track struct {
	Codec   codecs.Codec
	Samples []Sample // in decoding order
}

// Sample is one access unit, at times relative to the start of the loop.
type Sample struct {
	DTS, PTS time.Duration // a DTS is negative where B-frames follow
	Duration time.Duration
	Key      bool // decoding can begin here; always true for audio
	Size     int  // bytes

	load func() ([]byte, error)
}

// Payload reads the sample as it stands in the MP4: H.264 and H.265 with
// length prefixes, AV1 as a low-overhead bitstream. The caller owns the slice.
func (s Sample) Payload() ([]byte, error) { return s.load() }

// OpenFile reads an MP4 file that is not fragmented. The file stays open until
// Close.
func OpenFile(path string) (*Clip, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("clip: %w", err)
	}
	c, err := read(path, f, f)
	if err != nil {
		_ = f.Close() // it was only read, and the first error says more
		return nil, err
	}
	return c, nil
}

// Close closes the file behind the clip. Samples cannot be read afterwards.
func (c *Clip) Close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}
