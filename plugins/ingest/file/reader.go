package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/plugins/ingest/file/mp4"
)

// maxLate is how far the reader may fall behind before it moves its start.
const maxLate = time.Second

// reader plays the tracks of one file on one goroutine.
type reader struct {
	ingest   *Ingest
	file     io.ReaderAt
	packager *cmaf.Packager
	cursors  []*cursor
	length   time.Duration // of one loop
	lead     time.Duration // by how much decoding begins before the presentation
	start    time.Time     // when media time 0 is due
}

// cursor is a track's place on the timeline.
type cursor struct {
	*track
	index    int
	splitter *cmaf.Unpackager
	head     mp4.Sample // the next
	loaded   bool       // head is one
	loop     int64
	ended    bool // for good
	buffer   []byte
}

// play writes every unit when it is due, until ctx ends or something fails.
func (r *reader) play(ctx context.Context) error {
	r.start = time.Now().Add(r.lead)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		c, err := r.first()
		if err != nil {
			return err
		}
		units, err := r.load(c)
		if err != nil {
			return r.ingest.failure(fmt.Errorf("track %d: %w", c.number, err))
		}
		if ctx.Err() != nil {
			return nil
		}
		if wait := time.Until(r.start.Add(r.at(c, c.head.DTS))); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return nil
			}
		} else if wait < -maxLate {
			r.ingest.cfg.log.Warn("file: it was held up and goes on later", "file", r.ingest.cfg.path, "late", -wait)
			r.start = r.start.Add(-wait)
		}
		if err := r.packager.Write(cmaf.Unit{Track: c.index, PTS: r.ticks(c), Data: units}); err != nil {
			return err
		}
		c.loaded = false
	}
}

// first is the track whose next sample is decoded first.
func (r *reader) first() (*cursor, error) {
	var best *cursor
	for _, c := range r.cursors {
		if err := r.advance(c); err != nil {
			return nil, err
		}
		if !c.ended && (best == nil || r.at(c, c.head.DTS) < r.at(best, best.head.DTS)) {
			best = c
		}
	}
	if best != nil {
		return best, nil
	}
	if err := r.packager.Flush(); err != nil {
		return nil, err
	}
	return nil, r.ingest.failure(errEnded)
}

// advance reads the next sample of c, out of the next loop where this one is over.
func (r *reader) advance(c *cursor) error {
	for !c.loaded && !c.ended {
		s, err := c.next()
		switch {
		case err == nil:
			c.head, c.loaded = s, true
		case !errors.Is(err, io.EOF):
			return r.ingest.failure(fmt.Errorf("track %d: %w", c.number, err))
		case c.codec.IsVideo() && !r.packager.Running():
			return r.ingest.failure(fmt.Errorf("track %d: %w", c.number, errNoKey))
		case r.ingest.cfg.loop == once || !c.began: // a track that has become empty was changed while it played
			c.ended = true
		default:
			c.rewind()
			c.loop++
		}
	}
	return nil
}

// at places a time of c on the endless timeline.
func (r *reader) at(c *cursor, ticks int64) time.Duration {
	return c.duration(ticks) + time.Duration(c.loop)*r.length
}

// ticks is the presentation time of the next sample of c for the packager.
func (r *reader) ticks(c *cursor) int64 {
	rate, d := int64(c.rate()), r.at(c, c.head.PTS)
	return int64(d/time.Second)*rate + (int64(d%time.Second)*rate+int64(time.Second)/2)/int64(time.Second)
}

// load reads the next sample of c and splits it.
func (r *reader) load(c *cursor) ([][]byte, error) {
	if int64(cap(c.buffer)) < c.head.Size {
		c.buffer = make([]byte, c.head.Size)
	}
	c.buffer = c.buffer[:c.head.Size]
	if n, err := r.file.ReadAt(c.buffer, c.head.At); n < len(c.buffer) {
		if errors.Is(err, io.EOF) {
			err = mp4.ErrCutOff
		}
		return nil, err
	}
	units, err := c.units(c.splitter, c.head, c.buffer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", mp4.ErrFormat, err)
	}
	return units, nil
}
