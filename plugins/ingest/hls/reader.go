package hls

import (
	"context"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/codecs/cmaf"
)

// Bounds of the reader.
const (
	noAccess = time.Minute      // how long a source may send without a picture at which decoding can begin
	maxJump  = 10 * time.Second // between two pieces; what is more is another time
)

// reader plays what the followers bring, on one goroutine.
type reader struct {
	ingest    *Ingest
	packager  *cmaf.Packager
	followers []*follower
	pieces    <-chan piece
	pacer     pacer
}

// play hands over every unit when it is due, until ctx ends or something fails.
func (r *reader) play(ctx context.Context) error {
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		f, err := r.first()
		if err != nil {
			return err
		}
		if f != nil {
			wait := time.Until(r.pacer.due(f.waiting[0].units[0].dts))
			if wait <= 0 {
				if err := r.write(f); err != nil {
					return err
				}
				if !r.packager.Running() && time.Since(began) > noAccess {
					return r.ingest.failure(fmt.Errorf("no picture at which decoding can begin came in %v (set a key frame interval in the encoder)", noAccess))
				}
				continue
			}
			timer.Reset(wait)
		} else {
			timer.Stop()
		}
		select {
		case p := <-r.pieces:
			r.take(p)
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// first is the follower whose next unit is decoded first; nil when none has one.
func (r *reader) first() (*follower, error) {
	var best *follower
	for _, f := range r.followers {
		if len(f.waiting) == 0 {
			if f.failed != nil {
				return nil, r.ingest.failure(f.failed)
			}
			continue
		}
		if best == nil || f.waiting[0].units[0].dts < best.waiting[0].units[0].dts {
			best = f
		}
	}
	return best, nil
}

// take keeps a piece.
func (r *reader) take(p piece) {
	f := p.from
	if p.err != nil {
		f.failed = p.err
		return
	}
	if len(p.units) == 0 {
		<-f.room
		return
	}
	first, last := p.units[0].dts, p.units[len(p.units)-1].dts
	if gap := first - f.played; f.heard && (gap > maxJump || gap < -maxJump) {
		r.pacer = pacer{}
	}
	if f.heard {
		p.slack = 0 // the first may have come right after it was listed, or long after; those after it show what there is
	}
	r.pacer.piece(first, p.slack, p.came)
	f.heard, f.played = true, last
	f.waiting = append(f.waiting, p)
}

// write hands over the next unit of f.
func (r *reader) write(f *follower) error {
	p := &f.waiting[0]
	u := p.units[0]
	if p.units = p.units[1:]; len(p.units) == 0 {
		f.waiting[0] = piece{}
		f.waiting = f.waiting[1:]
		<-f.room
	}
	return r.packager.Write(cmaf.Unit{Track: u.track.index, PTS: u.pts, NTP: u.captured, Data: u.data})
}
