package hls

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/file/mp4"
)

// demuxer takes the pieces of one playlist apart.
type demuxer interface {
	// tracks are those of the stream, known once the demuxer is there.
	tracks() []announced
	// units are those of the next piece, in no order. They alias it.
	units(piece []byte) ([]unit, error)
}

// fragments demuxes fMP4.
type fragments struct {
	movie *mp4.Movie
	all   []announced
	parts []part
}

// part is a track of an init segment.
type part struct {
	*mp4.Track
	track    *track // nil: it is left out
	splitter *cmaf.Unpackager
	sets     [][]byte // parameter sets that pictures of access may come without, once an init segment has replaced another
}

// newFragments reads an init segment.
func newFragments(init []byte) (*fragments, error) {
	m, err := mp4.Read(bytes.NewReader(init), int64(len(init)))
	if err != nil {
		return nil, fmt.Errorf("init segment: %w", err)
	}
	f := &fragments{movie: m}
	for _, k := range m.Tracks {
		a, p := announced{}, part{Track: k}
		switch k.Kind {
		case "vide":
			a.kind = video
		case "soun":
			a.kind = audio
		}
		codec, err := k.Codec()
		if err == nil && codec.IsVideo() != (a.kind == video) && a.kind != other {
			err = fmt.Errorf("%w: %s in a track of kind %q", ingest.ErrCodec, cmaf.Name(codec), k.Kind)
		}
		if a.err = err; err == nil && a.kind != other {
			t := newTrack(codec)
			described, err := cmaf.NewTrack(1, uint32(t.rate), codec)
			if a.err = err; err == nil {
				a.track, p.track, p.splitter = t, t, cmaf.NewUnpackager(&cmaf.Init{Tracks: []cmaf.Track{described}})
			}
		}
		f.all, f.parts = append(f.all, a), append(f.parts, p)
	}
	return f, nil
}

func (f *fragments) tracks() []announced { return f.all }

func (f *fragments) units(piece []byte) ([]unit, error) {
	var units []unit
	for _, p := range f.parts {
		if p.track == nil || p.track.index < 0 {
			continue
		}
		samples := f.movie.Fragments(p.Track, bytes.NewReader(piece), int64(len(piece)))
		for {
			s, err := samples.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			data, err := p.splitter.Units(&cmaf.Sample{Payload: piece[s.At : s.At+s.Size]})
			if err != nil {
				return nil, err
			}
			if s.Key && !begins(data, p.sets) {
				data = append(p.sets[:len(p.sets):len(p.sets)], data...)
			}
			units = append(units, unit{
				track: p.track, dts: duration(s.DTS, p.Timescale), pts: rescale(s.PTS, p.Timescale, p.track.rate), data: data,
			})
		}
	}
	return units, nil
}

// begins tells that a picture brings a parameter set of the kinds of sets.
func begins(data, sets [][]byte) bool {
	for _, d := range data {
		for _, s := range sets {
			if d[0] == s[0] {
				return true
			}
		}
	}
	return len(sets) == 0
}

// errChanged means that a stream has changed in a way that needs a new Run.
var errChanged = errors.New("it has changed and has to be read anew")

// replaced is a demuxer by another init segment, whose tracks take the places of those before.
func (f *fragments) replaced(init []byte) (demuxer, error) {
	n, err := newFragments(init)
	if err != nil {
		return nil, err
	}
	if len(n.parts) != len(f.parts) {
		return nil, fmt.Errorf("%w: it has %d tracks, and had %d", errChanged, len(n.parts), len(f.parts))
	}
	for i, p := range n.parts {
		was := f.parts[i]
		switch {
		case was.track == nil || was.track.index < 0:
			continue
		case p.track == nil:
			return nil, n.all[i].err
		case cmaf.Name(p.track.codec) != cmaf.Name(was.track.codec) || p.track.rate != was.track.rate:
			return nil, fmt.Errorf("%w: track %d is %s", errChanged, i+1, cmaf.Name(p.track.codec))
		}
		switch c := p.track.codec.(type) {
		case *codecs.H264:
			p.sets = [][]byte{c.SPS, c.PPS}
		case *codecs.H265:
			p.sets = [][]byte{c.VPS, c.SPS, c.PPS}
		}
		p.track.index = was.track.index
		n.parts[i] = p
	}
	return n, nil
}
