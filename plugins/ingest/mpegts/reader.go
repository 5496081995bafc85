package mpegts

import (
	"fmt"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	ts "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	tscodecs "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/ingest"
)

// clockRate is the ticks a second of every time in a transport stream.
const clockRate = 90000

// Where time on the track that leads jumps by more, a new epoch begins. Forward, that is if the jump is announced, else after the
// packager's 10 s; less is a hole. Back, less is pictures that do not say when they are decoded, and so seem out of order.
const (
	jumpForward = clockRate / 2
	jumpBack    = clockRate / 4
)

// reader turns what the demuxer hands on into units of a packager.
type reader struct {
	*session
	clock    ts.TimeDecoder
	packager *cmaf.Packager
	inputs   []cmaf.Input
	sources  []*source
	lead     *source
	warned   time.Time // when packets were last said to be missing
	missing  uint64    // how often they were
}

// source is one track of the demuxer.
type source struct {
	stream
	index   int   // in the packager
	rate    int64 // ticks a second of the packager
	access  func(unit [][]byte) bool
	waiting bool  // for a picture at which decoding can begin
	led     bool  // last is set
	last    int64 // decoding time of the newest unit
}

// newReader begins an epoch.
func newReader(e *session, demuxer *ts.Reader, kept []stream) (*reader, error) {
	r := &reader{session: e}
	for n, k := range demuxer.Tracks() {
		s := &source{stream: kept[n], index: n, rate: clockRate}
		in, err := r.input(demuxer, k, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", e.stream.Name, s, err)
		}
		r.inputs, r.sources = append(r.inputs, in), append(r.sources, s)
		if s.kind == video || r.lead == nil {
			r.lead = s
		}
	}
	demuxer.OnDecodeError(r.left)
	return r, r.renew()
}

// input connects one track.
func (r *reader) input(demuxer *ts.Reader, k *ts.Track, s *source) (cmaf.Input, error) {
	picture := func(pts, dts int64, unit [][]byte) error { return r.picture(s, pts, dts, unit) }
	frames := func(pts int64, frames [][]byte) error { return r.frames(s, pts, frames) }
	var params codecs.Codec
	switch c := k.Codec.(type) {
	case *tscodecs.H264:
		s.access, params = h264.IsRandomAccess, &codecs.H264{}
		demuxer.OnDataH264(k, picture)
	case *tscodecs.H265:
		s.access, params = h265.IsRandomAccess, &codecs.H265{}
		demuxer.OnDataH265(k, picture)
	case *tscodecs.MPEG4Audio:
		s.rate, params = int64(c.SampleRate), &codecs.MPEG4Audio{Config: c.Config}
		demuxer.OnDataMPEG4Audio(k, frames)
	case *tscodecs.Opus:
		s.rate, params = 48000, &codecs.Opus{ChannelCount: c.Desc.ChannelCount()}
		demuxer.OnDataOpus(k, frames)
	default:
		return cmaf.Input{}, fmt.Errorf("%w: %s", ingest.ErrCodec, s.codec)
	}
	return cmaf.Input{Params: params, Timescale: uint32(s.rate)}, nil
}

// renew begins a new epoch at the next picture at which decoding can begin.
func (r *reader) renew() error {
	if r.packager != nil {
		if err := r.packager.Flush(); err != nil {
			return err
		}
	}
	for _, s := range r.sources {
		s.led = false
	}
	var err error
	r.packager, err = cmaf.NewPackager(cmaf.PackagerConfig{
		Inputs: r.inputs, Span: r.session.stream.Span, Bitrate: r.filter.bitrate(),
	}, r.sink)
	if err != nil {
		return fmt.Errorf("%s: %w", r.session.stream.Name, err)
	}
	return nil
}

// waits tells that nothing is handed on before a picture comes at which decoding can begin.
func (r *reader) waits() bool { return !r.packager.Running() || r.lead.waiting }

// picture takes one picture. After a loss those that build on what is missing are left out.
func (r *reader) picture(s *source, pts, dts int64, unit [][]byte) error {
	at := r.clock.Decode(pts)
	decoded := at - (pts-dts)&(1<<33-1)
	if at-decoded > clockRate*10 { // decoded after it is shown: nonsense
		decoded = at
	}
	if r.filter.lost(s.pid) {
		s.waiting = true
		r.miss(s)
	}
	if s.waiting && !s.access(unit) {
		return nil
	}
	s.waiting = false
	if err := r.follow(s, decoded); err != nil {
		return err
	}
	return r.packager.Write(cmaf.Unit{Track: s.index, PTS: at, Data: unit})
}

// frames takes some frames of audio in a row.
func (r *reader) frames(s *source, pts int64, frames [][]byte) error {
	at := r.clock.Decode(pts)
	if r.filter.lost(s.pid) {
		r.miss(s)
	}
	if err := r.follow(s, at); err != nil {
		return err
	}
	return r.packager.Write(cmaf.Unit{Track: s.index, PTS: at/clockRate*s.rate + at%clockRate*s.rate/clockRate, Data: frames})
}

// follow begins a new epoch where time on the lead does not go on.
func (r *reader) follow(s *source, decoded int64) error {
	if s != r.lead {
		return nil
	}
	ahead := decoded - s.last
	jumps := s.led && (ahead < -jumpBack || ahead > jumpForward && r.filter.breaks > 0)
	if jumps {
		by := time.Duration(ahead) * time.Second / clockRate
		r.session.stream.Log.Info("mpegts: time jumps: a new epoch begins", "source", r.session.stream.Name, "by", by)
		if err := r.renew(); err != nil {
			return err
		}
	}
	r.filter.breaks = max(r.filter.breaks-1, 0)
	s.last, s.led = decoded, true
	return nil
}

// left is told of a unit that the demuxer could not read.
func (r *reader) left(err error) {
	r.session.stream.Log.Debug("mpegts: a unit is left out", "source", r.session.stream.Name, "err", err)
	for _, s := range r.sources {
		if s.pid == r.filter.pid && s.kind == video {
			s.waiting = true
			r.miss(s)
		}
	}
}

// quiet is how often at most missing packets are said.
const quiet = 10 * time.Second

// miss says that something of s is missing, once for all that follows within a while.
func (r *reader) miss(s *source) {
	r.missing++
	now := r.filter.now()
	if !r.warned.IsZero() && now.Sub(r.warned) < quiet {
		return
	}
	r.warned = now
	what := "mpegts: packets are missing: frames are left out"
	if s.kind == video {
		what = "mpegts: packets are missing: pictures are left out until the next key frame"
	}
	r.session.stream.Log.Warn(what, "source", r.session.stream.Name, "track", s.String(), "times", r.missing)
}
