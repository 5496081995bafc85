package rtsp

import (
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/codecs/cmaf/rtptrack"
)

// source is a track of the server that is read.
type source struct {
	media   *description.Media
	format  format.Format
	decoder *rtptrack.Decoder
	track   *track
	arrival arrival     // of the lead
	order   interleave  // of the others
	frame   int64       // ticks of one frame of audio, where a packet may hold several
	index   int         // in the packager
	waiting []cmaf.Unit // units of a track that is not placed yet, with PTS still its own; at most maxWaiting, oldest out first
}

// Bounds of the reader.
const (
	maxWaiting = 256         // units of a track kept until it is placed
	patience   = time.Second // for a track's reports, once the lead plays
)

// reader runs on the goroutine that reads the connection.
type reader struct {
	clock    clock
	align    align
	packager *cmaf.Packager
	sources  []*source
	ntp      func(*description.Media, *rtp.Packet) (time.Time, bool)
	failed   chan error  // takes the first error
	broken   bool        // it was sent: what follows is ignored
	started  time.Time   // when the lead began to play
	playing  atomic.Bool // the same, for other goroutines
	lost     uint64      // units that could not be put together
}

// packet takes one packet of s.
func (r *reader) packet(s *source, p *rtp.Packet) {
	if r.broken {
		return
	}
	at := s.track.unwrap(p.Timestamp)
	var ntp time.Time
	if r.align == byReport {
		known := false
		if ntp, known = r.ntp(s.media, p); known {
			r.clock.report(s.track, at, ntp)
		}
	}
	data, err := s.decoder.Decode(p)
	if err != nil {
		r.lost++
		return
	}
	if data == nil {
		return
	}
	if r.align == byArrival {
		ntp = r.arrived(s, at, len(data))
	}
	if err := r.unit(s, cmaf.Unit{Track: s.index, PTS: at, NTP: ntp, Data: data}); err != nil {
		r.broken = true
		r.failed <- err // has room for the only one
	}
}

// arrived learns from a unit of so many frames that is complete now. A sender that gathers frames sends them
// when the last has ended; one alone it sends as it comes.
func (r *reader) arrived(s *source, at int64, frames int) (captured time.Time) {
	if s.track == r.clock.lead {
		dts, deeper, captured := s.arrival.add(at, time.Now())
		for _, other := range r.sources {
			if deeper {
				other.order.reset()
			}
			other.order.picture(duration(dts, s.track.scale))
		}
		return captured
	}
	sent := at
	if frames > 1 {
		sent += int64(frames) * s.frame
	}
	s.order.frame(duration(sent, s.track.scale))
	if d, ok := s.order.distance(); ok {
		r.clock.aim(s.track, at, ticks(d, s.track.scale))
	}
	return time.Time{}
}

// unit passes u on, once its track is placed.
func (r *reader) unit(s *source, u cmaf.Unit) error {
	if s.track == r.clock.lead {
		if err := r.packager.Write(u); err != nil {
			return err
		}
		if r.started.IsZero() && r.packager.Running() {
			r.started = time.Now()
			r.playing.Store(true)
		}
		return r.place()
	}
	if len(s.waiting) == maxWaiting {
		s.waiting = append(s.waiting[:0], s.waiting[1:]...)
	}
	s.waiting = append(s.waiting, u)
	return r.place()
}

// place writes the units of every track that has its place on the timeline.
func (r *reader) place() error {
	for _, s := range r.sources {
		if len(s.waiting) == 0 {
			continue
		}
		if !s.track.placed {
			if r.started.IsZero() || time.Since(r.started) < patience {
				continue
			}
			r.clock.guess(s.track)
		}
		for _, u := range s.waiting {
			u.PTS += s.track.shift
			if err := r.packager.Write(u); err != nil {
				return err
			}
		}
		clear(s.waiting)
		s.waiting = s.waiting[:0]
	}
	return nil
}
