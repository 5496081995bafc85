package hls

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"

	"github.com/shoal-live/shoal/core/ingest"
)

// How many pieces a follower may hold that the reader has not played.
const (
	aheadSegments = 2
	aheadParts    = 16
)

// follower reads one playlist and what it lists, on a goroutine of its own. Its fields up to pieces belong to that goroutine
// once follow is called, those after it to the reader.
type follower struct {
	ingest *Ingest
	fetch  *fetcher
	url    *url.URL // of the playlist
	alone  bool     // there is no other

	list    *playlist.Media
	base    *url.URL // where list came from
	at      position
	demuxer demuxer
	init    string // URI of the init segment
	opening []byte // the first piece, where tracks could be found only there
	shift   time.Duration
	last    time.Duration // decoding time of the newest unit
	step    time.Duration // by how much that was behind the one before, in the mean

	pieces chan<- piece  // shared by all followers
	room   chan struct{} // holds a token for each piece that the reader has not played

	waiting []piece       // pieces in order; the first is being played
	failed  error         // behind the last piece
	heard   bool          // a piece came
	played  time.Duration // decoding time of the newest unit
}

// piece is what came at once.
type piece struct {
	from  *follower
	units []unit // in decoding order
	came  time.Time
	slack time.Duration // how much later the next may come, when this is the first
	err   error         // nothing comes any more
}

// refresh asks for the playlist. query is added.
func (f *follower) refresh(ctx context.Context, query url.Values) error {
	u := *f.url
	if len(query) > 0 {
		q := u.Query()
		for k, v := range query { // order-free: they are encoded in order
			q[k] = v
		}
		u.RawQuery = q.Encode()
	}
	p, base, err := f.fetch.playlist(ctx, &u)
	if err != nil {
		return err
	}
	media, ok := p.(*playlist.Media)
	if !ok {
		return fmt.Errorf("%s is a list of variants within one", shown(f.url))
	}
	f.list, f.base = media, base
	return nil
}

// open finds where to begin and which tracks there are. segment is that of the first follower, for the others; negative for
// the first.
func (f *follower) open(ctx context.Context, segment int) error {
	if f.list == nil {
		if err := f.refresh(ctx, nil); err != nil {
			return err
		}
	}
	all, err := entries(f.list, f.base, position{f.list.MediaSequence, 0})
	if err != nil {
		return err
	}
	f.room = make(chan struct{}, aheadSegments)
	if lists(f.list) {
		f.room = make(chan struct{}, aheadParts)
	}
	f.at = start(f.list, all)
	if !lists(f.list) && segment >= f.list.MediaSequence && segment <= f.at.segment {
		f.at = position{segment, 0} // of a playlist that was asked for later
	}
	if all, err = entries(f.list, f.base, f.at); err != nil {
		return err
	}
	if len(all) == 0 {
		return errors.New("its playlist lists no segment")
	}
	if f.list.Map != nil && f.list.Map.URI != "" {
		init, err := f.fetchInit(ctx)
		if err != nil {
			return err
		}
		f.demuxer, err = newFragments(init)
		return err
	}
	if f.opening, _, err = f.fetch.get(ctx, all[0].resource); err != nil {
		return err
	}
	f.demuxer, err = newTransport(f.opening, f.leftOut)
	return err
}

func (f *follower) leftOut(err error) { f.ingest.cfg.log.Debug("hls: data left out", "err", err) }

func (f *follower) fetchInit(ctx context.Context) ([]byte, error) {
	m := f.list.Map
	r, err := (&walker{base: f.base}).resource(m.URI, m.ByteRangeStart, m.ByteRangeLength)
	if err != nil {
		return nil, err
	}
	r.most = maxInit
	f.init = m.URI
	init, _, err := f.fetch.get(ctx, r)
	return init, err
}

// follow hands over pieces until ctx or the stream ends. The last is the error.
func (f *follower) follow(ctx context.Context) {
	err := f.pull(ctx)
	if errors.Is(err, ingest.ErrDenied) { // it has been read until now: the server has forgotten it, or this reader
		err = fmt.Errorf("the server gives no more of it: %v", err) //nolint:errorlint // only the next Run can tell whether it is denied
	}
	select {
	case f.pieces <- piece{from: f, err: err}:
	case <-ctx.Done():
	}
}

// errEnded means that the stream has an end, and that it was reached.
var errEnded = errors.New("it has ended (EXT-X-ENDLIST)")

func (f *follower) pull(ctx context.Context) error {
	fresh := time.Now()
	for {
		all, err := entries(f.list, f.base, f.at)
		if err != nil {
			return err
		}
		for _, e := range all {
			if err := f.take(ctx, e); err != nil {
				return err
			}
			f.at, fresh = e.next, time.Now()
		}
		if f.list.Endlist {
			return errEnded
		}
		if patience := max(f.ingest.cfg.timeout, 3*f.target()); time.Since(fresh) > patience {
			return fmt.Errorf("its playlist has shown nothing new for %v", patience)
		}
		if err := f.wait(ctx, len(all)); err != nil {
			return err
		}
	}
}

func (f *follower) target() time.Duration { return time.Duration(f.list.TargetDuration) * time.Second }

// Bounds of the time between two looks at a playlist.
const (
	shortest = 100 * time.Millisecond
	longest  = 3 * time.Second
)

// wait returns with a newer playlist. got is how many pieces the last one brought.
func (f *follower) wait(ctx context.Context, got int) error {
	query := url.Values{}
	if lists(f.list) {
		query.Set("_HLS_msn", strconv.Itoa(f.at.segment))
		query.Set("_HLS_part", strconv.Itoa(f.at.part))
	}
	pause := min(max(f.target()/2, shortest), longest)
	if lists(f.list) {
		if pause = 0; got == 0 { // the server has not waited as it said it would
			pause = shortest
		}
	}
	if pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return f.refresh(ctx, query)
}

// take fetches one piece and hands it over, once there is room.
func (f *follower) take(ctx context.Context, e entry) error {
	select {
	case f.room <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	body := f.opening
	f.opening = nil
	if body == nil && !e.gap {
		var err error
		if body, _, err = f.fetch.get(ctx, e.resource); err != nil {
			return err
		}
	}
	p := piece{from: f, came: time.Now()}
	if !lists(f.list) && !f.list.Endlist {
		p.slack = min(f.target()/2, longest)
	}
	if e.gap {
		body = nil
	}
	var err error
	if p.units, err = f.demux(ctx, e, body); err != nil {
		return fmt.Errorf("%s: %w", shown(e.url), err)
	}
	select {
	case f.pieces <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
