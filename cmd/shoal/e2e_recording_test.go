//go:build unix

package main_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
)

// recording is the sound that a viewer has written to its pipe, of the newest epoch.
type recording struct {
	gaps []gap
	end  time.Duration // media time
}

// gap is a time of which nothing was written.
type gap struct{ from, length time.Duration }

// lost is all that is missing since a time.
func (r *recording) lost(since time.Duration) (sum time.Duration) {
	for _, g := range r.gaps {
		if g.from >= since {
			sum += g.length
		}
	}
	return sum
}

// recorded reads what the viewer has written so far. Its sound must run at 48,000 samples a second, as in all clips.
func (v *viewer) recorded(t *testing.T) recording {
	t.Helper()
	b, err := os.ReadFile(v.pipe)
	if err != nil {
		if os.IsNotExist(err) {
			return recording{}
		}
		t.Fatal(err)
	}
	var r recording
	begun := false
	track := 0
	var ftyp, moof []byte
	for len(b) >= 8 {
		size := int(binary.BigEndian.Uint32(b))
		if size < 8 || size > len(b) {
			break // not written yet
		}
		box, kind := b[:size], string(b[4:8])
		b = b[size:]
		switch kind {
		case "ftyp":
			ftyp = box
		case "moov":
			begun, r, track = false, recording{}, audioTrack(t, append(bytes.Clone(ftyp), box...))
		case "moof":
			moof = box
		case "mdat":
			var parts fmp4.Parts
			if err := parts.Unmarshal(append(bytes.Clone(moof), box...)); err != nil {
				t.Fatalf("what the viewer wrote: %v", err)
			}
			for _, p := range parts {
				for _, tr := range p.Tracks {
					if tr.ID != track || len(tr.Samples) == 0 {
						continue
					}
					from := samples(tr.BaseTime)
					if begun && from-r.end > time.Millisecond {
						r.gaps = append(r.gaps, gap{r.end, from - r.end})
					}
					begun, r.end = true, from
					for _, s := range tr.Samples {
						r.end += samples(uint64(s.Duration))
					}
				}
			}
		}
	}
	return r
}

func samples(n uint64) time.Duration { return time.Duration(n) * time.Second / 48000 }

// audioTrack is the id of the track of sound in an init segment.
func audioTrack(t *testing.T, segment []byte) int {
	t.Helper()
	var init fmp4.Init
	if err := init.Unmarshal(bytes.NewReader(segment)); err != nil {
		t.Fatalf("the init segment that the viewer wrote: %v", err)
	}
	for _, tr := range init.Tracks {
		if !tr.Codec.IsVideo() {
			return tr.ID
		}
	}
	t.Fatal("the viewer wrote no sound")
	return 0
}
