package feed

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/shoal-live/shoal/core/chunk"
)

// WithoutVideo is a fragment without its video: the video's track boxes become free space, so that no offset changes.
// The pictures stay in the data, unused. fragment is not changed. It must be one that Media could read.
func (t *Tracker) WithoutVideo(fragment []byte) []byte {
	out := bytes.Clone(fragment)
	var video []uint32
	init := t.unpackager.Init()
	for i := range init.Tracks {
		if init.Tracks[i].Kind == chunk.Video {
			video = append(video, init.Tracks[i].ID)
		}
	}
	eachBox(out, "moof", func(moof []byte) {
		eachBox(moof[8:], "traf", func(traf []byte) {
			eachBox(traf[8:], "tfhd", func(tfhd []byte) {
				if len(tfhd) >= 16 && slices.Contains(video, binary.BigEndian.Uint32(tfhd[12:])) {
					copy(traf[4:8], "free")
				}
			})
		})
	})
	return out
}

// eachBox calls f with every box of a name within b, header included. It stops at what is no box.
func eachBox(b []byte, name string, f func([]byte)) {
	for len(b) >= 8 {
		size := uint64(binary.BigEndian.Uint32(b))
		if size < 8 || size > uint64(len(b)) {
			return
		}
		if string(b[4:8]) == name {
			f(b[:size])
		}
		b = b[size:]
	}
}
