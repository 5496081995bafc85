package baseline

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
)

// readRTSP reads until ctx ends, which is no error, or the connection does.
func readRTSP(ctx context.Context, url string, m *meter, t *timeline[uint32]) error {
	u, err := base.ParseURL(url)
	if err != nil {
		return err
	}
	overTCP := gortsplib.ProtocolTCP
	client := &gortsplib.Client{
		Scheme: u.Scheme, Host: u.Host, Protocol: &overTCP,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return counted{conn, m}, nil
		},
		OnPacketsLost: func(uint64) {}, // seen in the sequence numbers
		OnDecodeError: func(error) {},  // a unit that is not whole
	}
	if err := client.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, client.Close)
	defer client.Close() // waits, whoever called it first
	defer stop()
	if err = play(client, u, m, t); err == nil {
		err = client.Wait()
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// play asks for all tracks, and has the first of video measured; the first of all where there is no video.
func play(client *gortsplib.Client, u *base.URL, m *meter, t *timeline[uint32]) error {
	session, _, err := client.Describe(u)
	if err != nil {
		return err
	}
	var lead *description.Media
	for _, media := range session.Medias {
		if media.IsBackChannel || len(media.Formats) == 0 {
			continue
		}
		if lead == nil || media.Type == description.MediaTypeVideo && lead.Type != description.MediaTypeVideo {
			lead = media
		}
		if _, err := client.Setup(session.BaseURL, media, 0, 0); err != nil {
			return err
		}
	}
	if lead == nil {
		return errors.New("the path has no tracks")
	}
	client.OnPacketRTPAny(func(_ *description.Media, _ format.Format, p *rtp.Packet) { m.media(len(p.Payload)) })
	a := &assembler{meter: m, timeline: t, format: lead.Formats[0], marked: lead.Type == description.MediaTypeVideo}
	client.OnPacketRTP(lead, a.format, func(p *rtp.Packet) {
		m.media(len(p.Payload))
		if a.packet(p, time.Now()) {
			if captured, ok := client.PacketNTP(lead, p); ok {
				m.late(time.Now(), captured)
			}
		}
	})
	_, err = client.Play(nil)
	return err
}

// assembler tells access units of one track by their packets. It belongs to the goroutine that reads the connection.
type assembler struct {
	meter    *meter
	timeline *timeline[uint32] // by RTP time, which MediaMTX gives alike to all readers
	format   format.Format
	marked   bool // the last packet of an access unit has the marker; else every packet is one

	begun  bool
	next   uint16 // sequence number
	time   uint32 // of the present access unit
	whole  bool   // so far
	access bool   // decoding can begin with it
}

// packet takes one, and tells whether an access unit is complete with it.
func (a *assembler) packet(p *rtp.Packet, now time.Time) bool {
	gap := a.begun && p.SequenceNumber != a.next
	if !a.begun || p.Timestamp != a.time {
		a.begun, a.time, a.whole, a.access = true, p.Timestamp, true, false
	}
	a.next = p.SequenceNumber + 1
	a.whole = a.whole && !gap
	a.access = a.access || access(a.format, p.Payload)
	if a.marked && !p.Marker || !a.whole {
		return false
	}
	if a.access {
		a.meter.started(now)
	}
	a.meter.whole(a.timeline.complete(p.Timestamp, now))
	return true
}
