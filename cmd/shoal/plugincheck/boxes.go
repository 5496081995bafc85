package plugincheck

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/shoal-live/shoal/core/chunk"
)

const largestBox = 16 << 20

// findTracks reads fragmented MP4 until an init segment with the tracks of d has come and, behind it, a fragment of each.
func findTracks(r io.Reader, d *chunk.Descriptor) error {
	seen := map[uint32]bool(nil) // nil before the init segment of d
	for seen == nil || len(seen) < len(d.Tracks) {
		name, body, err := readBox(r)
		switch {
		case errors.Is(err, io.EOF) && seen != nil:
			return fmt.Errorf("it ended after media of %d tracks", len(seen))
		case err != nil:
			return err
		case name == "moov" && describes(body, d):
			seen = map[uint32]bool{}
		case name == "moov":
			seen = nil // of another epoch
		case name == "moof" && seen != nil:
			fragmentTracks(body, seen)
		}
	}
	return nil
}

// readBox reads one box as it comes.
func readBox(r io.Reader) (name string, body []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return "", nil, err
	}
	size := binary.BigEndian.Uint32(head[:4])
	if size < 8 || size > largestBox {
		return "", nil, fmt.Errorf("a box %q of %d bytes", head[4:], size)
	}
	body = make([]byte, size-8)
	_, err = io.ReadFull(r, body)
	return string(head[4:]), body, err
}

// describes tells whether a moov has as many tracks as d, and their codecs.
func describes(moov []byte, d *chunk.Descriptor) bool {
	tracks := 0
	inside(moov, func(name string, _ []byte) {
		if name == "trak" {
			tracks++
		}
	})
	lower := bytes.ToLower(moov)
	for _, t := range d.Tracks {
		codec, _, _ := strings.Cut(strings.ToLower(t.Codec), ".")
		if !bytes.Contains(lower, []byte(codec)) {
			return false
		}
	}
	return tracks == len(d.Tracks)
}

// fragmentTracks adds the tracks that a moof has samples of.
func fragmentTracks(moof []byte, seen map[uint32]bool) {
	inside(moof, func(name string, traf []byte) {
		if name != "traf" {
			return
		}
		inside(traf, func(name string, tfhd []byte) {
			if name == "tfhd" && len(tfhd) >= 8 {
				seen[binary.BigEndian.Uint32(tfhd[4:])] = true
			}
		})
	})
}

// inside calls f with every box in b, up to the first that is malformed.
func inside(b []byte, f func(name string, body []byte)) {
	for r := bytes.NewReader(b); r.Len() > 0; {
		name, body, err := readBox(r)
		if err != nil {
			return
		}
		f(name, body)
	}
}
