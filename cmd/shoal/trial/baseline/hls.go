package baseline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"
)

// readHLS reads until ctx ends, which is no error, or a request fails. It takes the first variant, and sound beside it where
// that has a playlist of its own, as MediaMTX has it.
func readHLS(ctx context.Context, address string, m *meter, t *timeline[string]) error {
	r := &hlsReader{fetcher: newFetcher(m), meter: m, timeline: t}
	defer r.close()
	err := r.run(ctx, address)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

type hlsReader struct {
	*fetcher
	meter    *meter
	timeline *timeline[string] // by the path of a part of the first variant
	rate     float64           // frames a second, 0 for unknown
}

func (r *hlsReader) run(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	list, u, err := r.playlist(ctx, u)
	if err != nil {
		return err
	}
	multi, ok := list.(*playlist.Multivariant)
	if !ok {
		return errors.New("not a multivariant playlist")
	}
	v := multi.Variants[0]
	if v.FrameRate != nil {
		r.rate = *v.FrameRate
	}
	streams := []stream{{uri: v.URI, lead: r.lead}}
	for _, a := range multi.Renditions {
		if a.Type == playlist.MultivariantRenditionTypeAudio && a.GroupID == v.Audio && a.URI != nil {
			streams = append(streams, stream{uri: *a.URI, lead: func(part, time.Time, moment) {}})
			break
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, s := range streams {
		s.reader = r
		all.Go(func() { cancel(s.follow(ctx, u)) })
	}
	all.Wait()
	return context.Cause(ctx)
}

// moment is when a reader asked for a part.
type moment int

const (
	behind moment = iota // it is older than the reader
	atOnce               // as soon as it could
)

// lead measures a part that has just been downloaded.
func (r *hlsReader) lead(p part, now time.Time, when moment) {
	if p.independent {
		r.meter.started(now)
	}
	r.meter.whole(r.timeline.complete(p.key(), now))
	if when == atOnce && !p.captured.IsZero() {
		r.meter.latePart(now, p, max(1, int(math.Round(p.duration.Seconds()*r.rate))))
	}
}

// stream is one media playlist that is followed.
type stream struct {
	reader *hlsReader
	uri    string
	lead   func(part, time.Time, moment) // told of each part
	had    string                        // URI of the newest part that was asked for
}

// follow catches up and then asks for each part before it exists, until ctx ends or a request fails.
func (s *stream) follow(ctx context.Context, base *url.URL) error {
	u, err := base.Parse(s.uri)
	if err != nil {
		return err
	}
	l, err := s.reload(ctx, u)
	if err != nil {
		return err
	}
	if l.media.Map != nil {
		if _, err := s.download(ctx, u, l.media.Map.URI); err != nil {
			return err
		}
	}
	if err := s.take(ctx, u, l.fromAccess(), behind); err != nil {
		return err
	}
	for {
		if l, err = s.step(ctx, u, l); err != nil {
			return err
		}
	}
}

// step downloads the part that l hints at, while the server holds the next playlist back until it can list it.
func (s *stream) step(ctx context.Context, u *url.URL, l listing) (listing, error) {
	s.reader.meter.holdsBack(*l.media.ServerControl)
	hint := l.media.PreloadHint.URI
	var done time.Time
	var failed error
	var hinted sync.WaitGroup
	hinted.Go(func() { done, failed = s.download(ctx, u, hint) })
	l, err := s.reload(ctx, l.next(u))
	hinted.Wait()
	if err = errors.Join(err, failed); err != nil {
		return l, err
	}
	missed := l.after(s.had)
	for i, p := range missed {
		if p.uri != hint {
			continue
		}
		if err := s.take(ctx, u, missed[:i], atOnce); err != nil {
			return l, err
		}
		s.lead(p, done, atOnce)
		s.had = hint
		missed = missed[i+1:]
		break
	}
	return l, s.take(ctx, u, missed, atOnce)
}

// take downloads parts one after another.
func (s *stream) take(ctx context.Context, u *url.URL, parts []part, when moment) error {
	for _, p := range parts {
		now, err := s.download(ctx, u, p.uri)
		if err != nil {
			return err
		}
		s.had = p.uri
		s.lead(p, now, when)
	}
	return nil
}

// download gets media, and tells when its last byte came.
func (s *stream) download(ctx context.Context, base *url.URL, uri string) (done time.Time, err error) {
	u, err := base.Parse(uri)
	if err != nil {
		return time.Time{}, err
	}
	n, err := s.reader.discard(ctx, u)
	done = time.Now()
	s.reader.meter.media(n)
	if err == nil && n == 0 {
		err = fmt.Errorf("%s is empty", u.Path)
	}
	return done, err
}

// reload gets the media playlist at u.
func (s *stream) reload(ctx context.Context, u *url.URL) (listing, error) {
	list, _, err := s.reader.playlist(ctx, u)
	if err != nil {
		return listing{}, err
	}
	media, ok := list.(*playlist.Media)
	if !ok {
		return listing{}, errors.New("not a media playlist")
	}
	if media.ServerControl == nil || !media.ServerControl.CanBlockReload || media.PreloadHint == nil {
		return listing{}, ErrNotLowLatency
	}
	return listed(media), nil
}

// next is where the playlist will be that lists one part more.
func (l listing) next(u *url.URL) *url.URL {
	next := *u
	q := next.Query()
	q.Set("_HLS_msn", strconv.Itoa(l.media.MediaSequence+len(l.media.Segments)))
	q.Set("_HLS_part", strconv.Itoa(len(l.media.Parts)))
	next.RawQuery = q.Encode()
	return &next
}
