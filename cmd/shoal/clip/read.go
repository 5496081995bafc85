package clip

import (
	"fmt"
	"io"
	"time"

	amp4 "github.com/abema/go-mp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"
)

// read parses the MP4 in r, which c.Close closes through file.
func read(name string, r io.ReadSeeker, file io.Closer) (*Clip, error) {
	edits, err := readEdits(r)
	if err != nil {
		return nil, fmt.Errorf("clip: read %s: %w", name, err)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("clip: read %s: %w", name, err)
	}
	var mp4 pmp4.Presentation
	if err := mp4.Unmarshal(r); err != nil {
		return nil, fmt.Errorf("clip: read %s: %w (an MP4 that is not fragmented is wanted)", name, err)
	}
	c := &Clip{Name: name, file: file}
	for _, t := range mp4.Tracks {
		if err := c.add(t, edits[t.ID]); err != nil {
			return nil, fmt.Errorf("clip: read %s: track %d: %w", name, t.ID, err)
		}
	}
	if c.Duration <= 0 {
		return nil, fmt.Errorf("clip: read %s: %w: it has no samples", name, ErrUnsupported)
	}
	return c, nil
}

// add converts one track to times relative to the start of the loop.
func (c *Clip) add(t *pmp4.Track, e edit) error {
	if _, err := newPacketizer(t.Codec, 96); err != nil {
		return err
	}
	scale := int64(t.TimeScale)
	track := Track{Codec: t.Codec}
	var ticks int64 // decoding time before the edit list
	for _, s := range t.Samples {
		dts := toDuration(ticks-e.mediaTime, scale) + e.delay
		pts := toDuration(ticks-e.mediaTime+int64(s.PTSOffset), scale) + e.delay
		end := toDuration(ticks-e.mediaTime+int64(s.PTSOffset)+int64(s.Duration), scale) + e.delay
		ticks += int64(s.Duration)
		if pts < 0 && !t.Codec.IsVideo() {
			continue // encoder priming, which the edit list hides
		}
		c.Duration = max(c.Duration, end)
		c.Reorder = max(c.Reorder, pts-dts)
		track.Samples = append(track.Samples, Sample{
			DTS: dts, PTS: pts, Duration: end - pts,
			Key: !s.IsNonSyncSample, Size: int(s.PayloadSize), load: s.GetPayload,
		})
	}
	if len(track.Samples) > 0 {
		c.Tracks = append(c.Tracks, track)
	}
	return nil
}

// edit is what a track's edit list says: the presentation begins at mediaTime
// (ticks of the track) and after a pause of delay.
type edit struct {
	mediaTime int64
	delay     time.Duration
}

// readEdits returns the edit of each track, by track id. The MP4 reader that
// we use for everything else ignores edit lists.
func readEdits(r io.ReadSeeker) (map[int]edit, error) {
	mvhds, err := amp4.ExtractBoxWithPayload(r, nil, amp4.BoxPath{amp4.BoxTypeMoov(), amp4.BoxTypeMvhd()})
	if err != nil {
		return nil, err
	}
	traks, err := amp4.ExtractBox(r, nil, amp4.BoxPath{amp4.BoxTypeMoov(), amp4.BoxTypeTrak()})
	if err != nil {
		return nil, err
	}
	if len(mvhds) != 1 || len(traks) == 0 {
		return nil, fmt.Errorf("%w: no movie header or no tracks", ErrUnsupported)
	}
	scale := int64(mvhds[0].Payload.(*amp4.Mvhd).Timescale)
	edits := make(map[int]edit)
	for _, trak := range traks {
		boxes, err := amp4.ExtractBoxesWithPayload(r, trak, []amp4.BoxPath{
			{amp4.BoxTypeTkhd()}, {amp4.BoxTypeEdts(), amp4.BoxTypeElst()},
		})
		if err != nil {
			return nil, err
		}
		var id int
		var e edit
		for _, box := range boxes {
			switch b := box.Payload.(type) {
			case *amp4.Tkhd:
				id = int(b.TrackID)
			case *amp4.Elst:
				e = editOf(b, scale)
			}
		}
		edits[id] = e
	}
	return edits, nil
}

// editOf reads the one form in use: pauses, then the presentation. Later
// entries, which cut the middle out of a film, are ignored.
func editOf(b *amp4.Elst, movieScale int64) edit {
	var e edit
	for i := range b.Entries {
		mediaTime := b.GetMediaTime(i)
		if mediaTime >= 0 {
			e.mediaTime = mediaTime
			break
		}
		if movieScale > 0 {
			e.delay += toDuration(int64(b.GetSegmentDuration(i)), movieScale)
		}
	}
	return e
}

// toDuration converts ticks, rounded to the nearest nanosecond.
func toDuration(ticks, perSecond int64) time.Duration {
	sec, rest := ticks/perSecond, ticks%perSecond
	if rest < 0 {
		sec, rest = sec-1, rest+perSecond
	}
	frac := (rest*int64(time.Second) + perSecond/2) / perSecond
	return time.Duration(sec)*time.Second + time.Duration(frac)
}

// toTicks is the inverse of toDuration, so that a timestamp of the file comes
// out as the same timestamp in RTP.
func toTicks(d time.Duration, perSecond int64) int64 {
	sec, rest := int64(d/time.Second), int64(d%time.Second)
	if rest < 0 {
		sec, rest = sec-1, rest+int64(time.Second)
	}
	return sec*perSecond + (rest*perSecond+int64(time.Second)/2)/int64(time.Second)
}
