package mpegts

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	ts "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

// How long a source may send before it is given up.
const (
	noFrame  = 5 * time.Second // without a frame of a track that has to be heard before it can be described
	noAccess = time.Minute     // without a picture at which decoding can begin
)

// Read reads one transport stream until r fails or ends, and hands its groups to sink. Each Read of r gives what has come, at
// most 64 KB of it, and blocks until something has. Errors: those of r and of sink as they are; [ingest.ErrSource] when the
// stream has ended or is none; [ingest.ErrCodec], naming track and codec.
func Read(r io.Reader, s Stream, sink ingest.Sink) error {
	e := &session{stream: s, sink: sink, filter: newFilter(newFramer(r))}
	for {
		err := e.program()
		if !errors.Is(err, errChanged) {
			return err
		}
		e.mute = nil
		s.Log.Info("mpegts: the tracks have changed: a new epoch begins", "source", s.Name)
	}
}

// session reads one transport stream.
type session struct {
	stream Stream
	sink   ingest.Sink
	filter *filter
	mute   []uint16 // tracks that are left out because nothing comes of them
}

// program reads until its tracks change, which errChanged tells, or reading ends.
func (e *session) program() error {
	e.filter.late = e.filter.now().Add(e.stream.Timeout)
	if err := e.filter.await(); err != nil {
		return e.explain(err, "bytes come, but no table of a program did in %v: is it MPEG-TS, with its PAT and PMT?", e.stream.Timeout)
	}
	kept, err := e.choose(e.filter.program.streams)
	if err != nil {
		return err
	}
	demuxer, err := e.demuxer(kept)
	if errors.Is(err, errLate) {
		return e.silence(e.filter.silent())
	}
	if err != nil {
		return e.explain(err, "")
	}
	r, err := newReader(e, demuxer, kept)
	if err != nil {
		return err
	}
	e.filter.late = e.filter.now().Add(noAccess)
	for err == nil {
		err = demuxer.Read()
		switch {
		case !r.waits():
			e.filter.late = time.Time{}
		case e.filter.late.IsZero():
			e.filter.late = e.filter.now().Add(noAccess)
		}
	}
	if errors.Is(err, errChanged) {
		if err := r.packager.Flush(); err != nil {
			return err
		}
	}
	return e.explain(err, "no picture at which decoding can begin came in %v%s", noAccess, e.filter.scrambled())
}

// demuxer starts one, for which it needs a frame of each track of MPEG-4 audio. A first frame that is broken is tried
// again.
func (e *session) demuxer(kept []stream) (*ts.Reader, error) {
	e.filter.late = e.filter.now().Add(noFrame)
	for {
		e.filter.open(kept)
		before := e.filter.carried
		r := &ts.Reader{R: e.filter}
		err := r.Initialize()
		switch {
		case err == nil:
			e.filter.opened()
			return r, nil
		case errors.Is(err, errChanged), errors.Is(err, errLate), errors.Is(err, ingest.ErrSource), errors.Is(err, errEnded):
			return nil, err
		case e.filter.carried == before: // it has not got as far as a frame
			return nil, fmt.Errorf("%s: %w: %w", e.stream.Name, ingest.ErrCodec, err)
		}
		e.stream.Log.Debug("mpegts: the demuxer starts anew", "source", e.stream.Name, "err", err)
	}
}

// silence leaves tracks out for as long as the program stays as it is, and starts anew.
func (e *session) silence(pids []uint16) error {
	for _, k := range e.filter.program.streams {
		if slices.Contains(pids, k.pid) {
			e.mute = append(e.mute, k.pid)
			e.stream.Log.Warn("mpegts: a track is left out: it is announced, but nothing comes of it",
				"source", e.stream.Name, "track", k.String(), "codec", k.codec, "waited", noFrame)
		}
	}
	if len(pids) == 0 { // frames come, but none that can be read
		return fmt.Errorf("%s: %w: no frame of its MPEG-4 audio could be read in %v", e.stream.Name, ingest.ErrCodec, noFrame)
	}
	return e.program()
}

// choose takes the first track of video and all of audio. What is neither is left out.
func (e *session) choose(streams []stream) ([]stream, error) {
	var kept []stream
	var left error
	hasVideo := false
	for _, k := range streams {
		switch {
		case k.kind == data || slices.Contains(e.mute, k.pid):
			e.stream.Log.Debug("mpegts: a stream is left out", "source", e.stream.Name, "track", k.String())
		case k.kind == video && hasVideo:
			e.stream.Log.Warn("mpegts: a second track of video is left out", "source", e.stream.Name, "track", k.String())
		case k.carry == refused:
			err := fmt.Errorf("%s: %s: %w: %s", e.stream.Name, k.String(), ingest.ErrCodec, k.codec)
			if e.stream.Unsupported == Refuse {
				return nil, fmt.Errorf("%w (unsupportedTracks: drop carries the other tracks)", err)
			}
			e.stream.Log.Warn("mpegts: a track is left out", "err", err)
			left = err
		case len(kept) == chunk.MaxTracks:
			e.stream.Log.Warn("mpegts: a track is left out: there are too many", "source", e.stream.Name, "track", k.String(), "most", chunk.MaxTracks)
		default:
			hasVideo = hasVideo || k.kind == video
			kept = append(kept, k)
		}
	}
	if len(kept) > 0 {
		return kept, nil
	}
	if left != nil {
		return nil, left
	}
	return nil, fmt.Errorf("%s: %w: it has neither video nor audio", e.stream.Name, ingest.ErrCodec)
}

// explain says what an error of the filter means to the caller; late is for errLate.
func (e *session) explain(err error, late string, args ...any) error {
	switch {
	case errors.Is(err, errEnded):
		return fmt.Errorf("%s: %w: it has ended", e.stream.Name, ingest.ErrSource)
	case errors.Is(err, errLate):
		return fmt.Errorf("%s: %w: %s", e.stream.Name, ingest.ErrSource, fmt.Sprintf(late, args...))
	}
	return err
}
