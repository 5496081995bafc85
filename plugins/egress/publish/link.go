package publish

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
	"github.com/bluenviron/gortsplib/v5/pkg/ntp"
	"github.com/pion/rtcp"

	"github.com/shoal-live/shoal/plugins/egress/rtp"
)

const (
	queueLength = 8192            // packets, a power of two: ten seconds at several Mb/s
	answerTime  = 5 * time.Second // of the server, and of one packet to leave
)

// errRefused means that the server is there and does not want the stream: trying again does not help.
var errRefused = errors.New("refused")

// link is an open session that records. A nil link is none.
type link struct {
	client   *gortsplib.Client
	medias   []*description.Media
	reported map[int]bool  // tracks whose clock the server was told
	done     chan struct{} // closed when the session is gone
	keep     func() bool   // stops the watch over the context
}

func (p *publisher) client(ctx context.Context) *gortsplib.Client {
	overTCP := gortsplib.ProtocolTCP
	return &gortsplib.Client{
		Scheme: p.url.Scheme, Host: p.url.Host, Protocol: &overTCP, UserAgent: "shoal",
		WriteQueueSize: queueLength, ReadTimeout: answerTime, WriteTimeout: answerTime,
		DialContext: func(dialing context.Context, network, address string) (net.Conn, error) {
			dialing, cancel := context.WithCancel(dialing)
			defer cancel()
			defer context.AfterFunc(ctx, cancel)()
			return (&net.Dialer{}).DialContext(dialing, network, address)
		},
	}
}

// ask returns nil when an RTSP server answers.
func (p *publisher) ask(ctx context.Context) error {
	c := p.client(ctx)
	if err := c.Start(); err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, c.Close)()
	if _, err := c.Options(p.url); err != nil {
		return explain(err)
	}
	return nil
}

// announce opens a session for the formats of s.
func (p *publisher) announce(ctx context.Context, s *description.Session) (*link, error) {
	c := p.client(ctx)
	if err := c.Start(); err != nil {
		return nil, err
	}
	l := &link{client: c, reported: map[int]bool{}, done: make(chan struct{})}
	desc := &description.Session{Title: s.Title}
	for _, m := range s.Medias { // the client writes into them
		media := *m
		l.medias = append(l.medias, &media)
	}
	desc.Medias = l.medias
	l.keep = context.AfterFunc(ctx, c.Close)
	_, err := c.Announce(p.url, desc)
	if err == nil {
		err = c.SetupAll(p.url, l.medias)
	}
	if err == nil {
		_, err = c.Record()
	}
	go func() {
		_ = c.Wait() // asked again by err
		close(l.done)
	}()
	if err != nil {
		l.close()
		return nil, explain(err)
	}
	return l, nil
}

// explain makes an error that says what to do.
func explain(err error) error {
	var status liberrors.ErrClientBadStatusCode
	if !errors.As(err, &status) {
		return err
	}
	switch status.Code {
	case base.StatusUnauthorized, base.StatusForbidden:
		return fmt.Errorf("%w: the server wants another user or password (rtsp://user:password@host/path): %w", errRefused, err)
	case base.StatusNotFound, base.StatusBadRequest:
		return fmt.Errorf("%w: the server does not let this path be published: %w", errRefused, err)
	}
	return err
}

// write queues the packets of a unit.
func (l *link) write(u *rtp.Unit) error {
	for _, packet := range u.Packets {
		if err := l.client.WritePacketRTPWithNTP(l.medias[u.Track], packet, u.NTP); err != nil {
			return err
		}
	}
	if !l.reported[u.Track] {
		l.reported[u.Track] = true
		return l.report(u)
	}
	return nil
}

// report tells the wall clock of a track's first packet. The client does so too, but its report may overtake that packet, and
// then the server does not know whose it is, for the ten seconds until the next.
func (l *link) report(u *rtp.Unit) error {
	first := u.Packets[0]
	return l.client.WritePacketRTCP(l.medias[u.Track], &rtcp.SenderReport{
		SSRC: first.SSRC, NTPTime: ntp.Encode(u.NTP), RTPTime: first.Timestamp, PacketCount: uint32(len(u.Packets)),
	})
}

// gone is closed when the session ends by itself; nil, which never is, without a link.
func (l *link) gone() <-chan struct{} {
	if l == nil {
		return nil
	}
	return l.done
}

// err is why the session has ended.
func (l *link) err() error { return l.client.Wait() }

// close says goodbye and waits.
func (l *link) close() {
	if l == nil {
		return
	}
	l.keep()
	l.client.Close()
	<-l.done
}
