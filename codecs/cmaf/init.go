package cmaf

import (
	"bytes"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"

	"github.com/shoal-live/shoal/core/chunk"
)

// Init is an init segment: the tracks of one epoch.
type Init struct {
	Tracks []Track
}

// ParseInit reads an init segment. b is not kept. Errors: [chunk.ErrFormat]; [chunk.ErrLimit] for more than
// chunk.MaxInit bytes or chunk.MaxTracks tracks; [ingest.ErrCodec] for a track whose codec is not carried.
func ParseInit(b []byte) (*Init, error) {
	if len(b) > chunk.MaxInit {
		return nil, fmt.Errorf("cmaf: %w: init segment of %d bytes, at most %d", chunk.ErrLimit, len(b), chunk.MaxInit)
	}
	if err := checkInit(b); err != nil {
		return nil, fmt.Errorf("cmaf: init segment: %w", err)
	}
	var parsed fmp4.Init
	if err := parsed.Unmarshal(bytes.NewReader(bytes.Clone(b))); err != nil {
		return nil, fmt.Errorf("cmaf: %w: init segment: %w", chunk.ErrFormat, err)
	}
	if len(parsed.Tracks) > chunk.MaxTracks {
		return nil, fmt.Errorf("cmaf: %w: %d tracks, at most %d", chunk.ErrLimit, len(parsed.Tracks), chunk.MaxTracks)
	}
	in := &Init{}
	for _, p := range parsed.Tracks {
		t, err := NewTrack(uint32(p.ID), p.TimeScale, p.Codec)
		if err != nil {
			return nil, fmt.Errorf("cmaf: track %d: %w", p.ID, err)
		}
		if in.track(t.ID) != nil {
			return nil, fmt.Errorf("cmaf: %w: two tracks have the id %d", chunk.ErrFormat, t.ID)
		}
		in.Tracks = append(in.Tracks, t)
	}
	return in, nil
}

// Marshal is the init segment as bytes. Errors: [ingest.ErrCodec].
func (in *Init) Marshal() ([]byte, error) {
	var out fmp4.Init
	for i := range in.Tracks {
		t := &in.Tracks[i]
		out.Tracks = append(out.Tracks, &fmp4.InitTrack{ID: int(t.ID), TimeScale: t.Timescale, Codec: t.Params})
	}
	var b seekablebuffer.Buffer
	if err := out.Marshal(&b); err != nil {
		return nil, fmt.Errorf("cmaf: write the init segment: %w", err)
	}
	if b.Len() > chunk.MaxInit {
		return nil, fmt.Errorf("cmaf: %w: init segment of %d bytes, at most %d", chunk.ErrLimit, b.Len(), chunk.MaxInit)
	}
	return b.Bytes(), nil
}

// Describe is the tracks as the descriptor carries them.
func (in *Init) Describe() []chunk.Track {
	tracks := make([]chunk.Track, len(in.Tracks))
	for i := range in.Tracks {
		tracks[i] = in.Tracks[i].Track
	}
	return tracks
}

func (in *Init) track(id uint32) *Track {
	for i := range in.Tracks {
		if in.Tracks[i].ID == id {
			return &in.Tracks[i]
		}
	}
	return nil
}

// checkInit refuses boxes that an init segment of a live stream has no use for and that the parser below would
// read whatever their size in memory (a user data box may hold any other box).
func checkInit(b []byte) error {
	return eachBox(b, func(top box) error {
		switch string(top.name[:]) {
		case "ftyp", "styp", "free", "skip":
			return nil
		case "moov":
			return eachBox(top.body, func(child box) error {
				switch string(child.name[:]) {
				case "mvhd", "trak", "mvex":
					return nil
				}
				return fmt.Errorf("%w: unexpected box %q in moov", chunk.ErrFormat, child.name[:])
			})
		}
		return fmt.Errorf("%w: unexpected box %q", chunk.ErrFormat, top.name[:])
	})
}
