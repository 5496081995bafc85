package rtp

import (
	"cmp"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

const (
	maxBacklog = 16 << 20 // bytes of packets kept
	maxAlone   = 500 * time.Millisecond
)

// Backlog keeps the units since the newest place at which a reader can begin. Its zero value is empty. When it is
// full it empties itself, and readers wait for the next such place.
type Backlog struct {
	units []Unit
	bytes int
	begun bool // the first units are such a place
	audio bool // the stream has audio beside its video
}

// Reset forgets everything: the formats have changed. audio tells that readers are to wait for sound beside the picture.
func (b *Backlog) Reset(tracks Tracks) { *b = Backlog{audio: tracks == VideoAndAudio} }

// Tracks tells what an epoch has.
type Tracks uint8

// The answers.
const (
	OneKind       Tracks = 0
	VideoAndAudio Tracks = 1
)

// Tracks is what the packetizer's epoch has.
func (p *Packetizer) Tracks() Tracks {
	var video, audio bool
	for i := range p.tracks {
		video = video || p.tracks[i].cmaf.Kind == chunk.Video
		audio = audio || p.tracks[i].cmaf.Kind == chunk.Audio
	}
	if video && audio {
		return VideoAndAudio
	}
	return OneKind
}

// Add takes the units of a group.
func (b *Backlog) Add(batch Batch) {
	if batch.Start {
		b.units, b.bytes, b.begun = nil, 0, true
	}
	if !b.begun {
		return
	}
	b.units = append(b.units, batch.Units...)
	for _, u := range batch.Units {
		for _, p := range u.Packets {
			b.bytes += len(p.Payload)
		}
	}
	if b.bytes > maxBacklog {
		b.units, b.bytes, b.begun = nil, 0, false
	}
}

// Start is what a reader begins with: the key picture, the sound from the same moment on, and what followed. nil means that
// it has to wait for more. The units are shared.
func (b *Backlog) Start() []Unit {
	if !b.begun || len(b.units) == 0 {
		return nil
	}
	first := slices.IndexFunc(b.units, func(u Unit) bool { return u.Key })
	if first < 0 {
		return b.units
	}
	key := b.units[first]
	// when a unit would arrive, were picture and sound of one moment to arrive together
	when := func(u *Unit) time.Duration {
		if u.Kind == chunk.Video {
			return u.DTS + key.PTS - key.DTS
		}
		return max(u.PTS, key.PTS)
	}
	var out []Unit
	sound, newest := false, key.PTS
	for i, u := range b.units {
		switch {
		case u.Kind == chunk.Video && i < first, u.Kind == chunk.Audio && u.PTS < key.PTS-u.Duration/2:
			continue
		case u.Kind == chunk.Audio:
			sound = true
		}
		newest = max(newest, when(&u))
		out = append(out, u)
	}
	if b.audio && !sound && newest-key.PTS < maxAlone {
		return nil
	}
	slices.SortStableFunc(out, func(x, y Unit) int {
		return cmp.Or(cmp.Compare(when(&x), when(&y)), cmp.Compare(x.Kind, y.Kind)) // video first
	})
	return out
}
