package clip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
)

// Options say what to publish. The zero value publishes [Default] for ever.
type Options struct {
	// Name is a bundled clip, one of [Names]; default [Default].
	Name string

	// File is an MP4 to publish instead of a bundled clip; default none. Setting
	// both is an error.
	File string

	// Loops is how often the clip is played; default 0, endlessly.
	Loops int

	// Fill gives the clip the rate of another stream; default none. Publish does
	// not change it.
	Fill *Fill

	// OnReady is called once, from the goroutine of Publish, when the server has
	// accepted the session and before the first packet; default none.
	OnReady func()
}

// Publish plays a clip into the RTSP server at url, over TCP, at the speed of
// the wall clock. It blocks until ctx ends or the loops are over, and then
// returns nil; nothing it started is left.
//
// Before the session is accepted, any failure is returned, the end of ctx
// included. Afterwards a server that goes away is [ErrDisconnected]; Publish
// does not try again by itself.
func Publish(ctx context.Context, url string, o Options) error {
	c, err := o.open()
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // it was only read
	if err := publish(ctx, url, c, o); err != nil {
		return fmt.Errorf("clip: publish %s to %s: %w", c.Name, withoutPassword(url), err)
	}
	return nil
}

func (o Options) open() (*Clip, error) {
	if o.Fill != nil {
		if err := o.Fill.validate(); err != nil {
			return nil, err
		}
	}
	switch {
	case o.Loops < 0:
		return nil, fmt.Errorf("clip: Options.Loops is %d (0 is endless)", o.Loops)
	case o.Name != "" && o.File != "":
		return nil, errors.New("clip: both Options.Name and Options.File are set (choose one)")
	case o.File != "":
		return OpenFile(o.File)
	case o.Name != "":
		return Open(o.Name)
	}
	return Open(Default)
}

func publish(ctx context.Context, url string, c *Clip, o Options) error {
	p, err := newPlayer(c, o.Loops)
	if err != nil {
		return err
	}
	if o.Fill != nil {
		if p.filler, err = newFiller(*o.Fill, c); err != nil {
			return err
		}
	}
	s, err := record(ctx, url, p)
	if err != nil {
		return err
	}
	p.write = func(track int, pkt *rtp.Packet, ntp time.Time) error {
		return s.client.WritePacketRTPWithNTP(s.medias[track], pkt, ntp)
	}
	if o.OnReady != nil {
		o.OnReady()
	}
	gone := make(chan struct{})
	go func() {
		_ = s.client.Wait() // asked again below, once the player has ended
		close(gone)
	}()
	err = p.run(ctx, gone)
	if ctx.Err() != nil {
		err = nil // asked to end: not a failure, whatever it interrupted
	} else {
		select {
		case <-gone:
			err = fmt.Errorf("%w: %w", ErrDisconnected, s.client.Wait())
		default:
		}
	}
	s.close() // also ends the goroutine above
	<-gone
	return err
}

// session is an open recording session, one media a track.
type session struct {
	client *gortsplib.Client
	medias []*description.Media
	close  func() // says goodbye and waits; may be called more than once
}

// record opens a session, which also closes when ctx ends.
func record(ctx context.Context, url string, p *player) (session, error) {
	u, err := base.ParseURL(url)
	if err != nil {
		return session{}, err
	}
	s := session{client: newClient(ctx, u)}
	for _, t := range p.tracks {
		kind := description.MediaTypeAudio
		if t.track.Codec.IsVideo() {
			kind = description.MediaTypeVideo
		}
		s.medias = append(s.medias, &description.Media{Type: kind, Formats: []format.Format{t.format}})
	}
	if err := s.client.Start(); err != nil {
		return session{}, err
	}
	keep := context.AfterFunc(ctx, s.client.Close)
	s.close = func() { keep(); s.client.Close() }

	desc := &description.Session{Title: p.clip.Name, Medias: s.medias}
	if _, err = s.client.Announce(u, desc); err == nil {
		if err = s.client.SetupAll(u, s.medias); err == nil {
			_, err = s.client.Record()
		}
	}
	if err != nil {
		s.close()
		if ctx.Err() != nil {
			err = ctx.Err() // the server's complaint is a consequence
		}
		return session{}, err
	}
	return s, nil
}

// newClient makes an RTSP client for the server of u, whose dialling ends with ctx.
func newClient(ctx context.Context, u *base.URL) *gortsplib.Client {
	overTCP := gortsplib.ProtocolTCP
	return &gortsplib.Client{
		Scheme: u.Scheme, Host: u.Host, Protocol: &overTCP,
		UserAgent:      "shoal",
		WriteQueueSize: 1024, // packets; a key frame may be a burst of hundreds
		DialContext: func(dialing context.Context, network, address string) (net.Conn, error) {
			dialing, cancel := context.WithCancel(dialing)
			defer cancel()
			defer context.AfterFunc(ctx, cancel)()
			return (&net.Dialer{}).DialContext(dialing, network, address)
		},
	}
}

// withoutPassword is url as it may stand in a log.
func withoutPassword(url string) string {
	u, err := base.ParseURL(url)
	if err != nil {
		return url
	}
	return u.CloneWithoutCredentials().String()
}
