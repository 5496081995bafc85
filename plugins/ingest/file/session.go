package file

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/file/mp4"
)

// padding is by how much sound may be longer than the picture without making the loop longer.
const padding = 250 * time.Millisecond

// open reads what the file holds, checks it from end to end, and prepares to play it.
func (i *Ingest) open(ctx context.Context, f io.ReaderAt, size int64, sink ingest.Sink) (*reader, error) {
	m, err := mp4.Read(f, size)
	if err != nil {
		return nil, i.failure(err)
	}
	tracks, err := i.choose(m, f, size)
	if err != nil {
		return nil, err
	}
	r := &reader{ingest: i, file: f}
	var inputs []cmaf.Input
	var bytes int64
	for n, t := range tracks {
		if err := t.survey(ctx.Err); err != nil {
			return nil, i.failure(fmt.Errorf("track %d: %w", t.number, err))
		}
		switch {
		case t.surveyed.samples == 0 && t.codec.IsVideo(): // video begins at the first one
			return nil, i.failure(fmt.Errorf("track %d: %w", t.number, errNoKey))
		case t.surveyed.samples == 0:
			return nil, i.failure(fmt.Errorf("track %d: %w: it has no samples (leave it out: ffmpeg -i FILE -an -c copy NEW.mp4)", t.number, mp4.ErrFormat))
		}
		described, err := cmaf.NewTrack(1, t.rate(), t.codec)
		if err != nil {
			return nil, i.failure(fmt.Errorf("track %d: %w", t.number, err))
		}
		bytes += t.surveyed.bytes
		r.lead = max(r.lead, -t.duration(t.surveyed.least))
		r.cursors = append(r.cursors, &cursor{
			track: t, index: n, splitter: cmaf.NewUnpackager(&cmaf.Init{Tracks: []cmaf.Track{described}}),
		})
		inputs = append(inputs, cmaf.Input{Params: t.codec, Timescale: t.rate()})
	}
	if r.length = length(tracks); r.length < 10*time.Millisecond {
		return nil, i.failure(fmt.Errorf("%w: it lasts %v", mp4.ErrFormat, r.length))
	}
	for _, t := range tracks {
		t.last = rescale(int64(r.length), int64(time.Second), t.Timescale)
	}
	r.packager, err = cmaf.NewPackager(cmaf.PackagerConfig{
		Inputs: inputs, Span: i.cfg.span, Bitrate: uint64(float64(bytes) * 8 / r.length.Seconds()),
	}, sink)
	if err != nil {
		return nil, i.failure(err)
	}
	return r, nil
}

// length is that of one loop.
func length(tracks []*track) time.Duration {
	longest, picture := time.Duration(0), time.Duration(0)
	for _, t := range tracks {
		longest = max(longest, t.surveyed.end)
		if t.codec.IsVideo() {
			picture = t.surveyed.end
		}
	}
	if picture > 0 && longest-picture < padding {
		return picture
	}
	return longest
}

// choose takes the first track of video and all of audio. Tracks of other kinds (text, time codes) are left out.
func (i *Ingest) choose(m *mp4.Movie, f io.ReaderAt, size int64) ([]*track, error) {
	var tracks []*track
	var refused error
	video := false
	for n, h := range m.Tracks {
		if h.Kind != "vide" && h.Kind != "soun" {
			continue
		}
		if h.Kind == "vide" && video {
			i.cfg.log.Warn("file: a second track of video is left out", "file", i.cfg.path, "track", n+1)
			continue
		}
		if len(tracks) == chunk.MaxTracks {
			return nil, i.failure(fmt.Errorf("%w: it has more than %d tracks", mp4.ErrFormat, chunk.MaxTracks))
		}
		c, err := h.Codec()
		if err == nil && c.IsVideo() != (h.Kind == "vide") {
			err = fmt.Errorf("%w: %s in a track of kind %q", ingest.ErrCodec, cmaf.Name(c), h.Kind)
		}
		if err != nil {
			err = i.failure(fmt.Errorf("track %d: %w", n+1, err))
			if i.cfg.unsupported == refuse {
				return nil, fmt.Errorf("%w (unsupportedTracks: drop carries the other tracks)", err)
			}
			i.cfg.log.Warn("file: a track is left out", "err", err)
			refused = err
			continue
		}
		samples, err := m.Samples(h, f, size)
		if err != nil {
			return nil, i.failure(fmt.Errorf("track %d: %w", n+1, err))
		}
		t := newTrack(m, h, c, samples)
		t.number = n + 1
		video = video || h.Kind == "vide"
		tracks = append(tracks, t)
	}
	if len(tracks) == 0 {
		if refused == nil {
			refused = i.failure(fmt.Errorf("%w: it has neither video nor audio", ingest.ErrCodec))
		}
		return nil, refused
	}
	return tracks, nil
}
