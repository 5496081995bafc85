package rtsptest

import (
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
)

// Recording is a session that a test feeds packet by packet.
type Recording struct {
	client *gortsplib.Client
	medias []*description.Media
}

// Record announces one track a format. The session ends with the test.
func Record(t *testing.T, url string, formats ...format.Format) *Recording {
	t.Helper()
	u, err := base.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	tcp := gortsplib.ProtocolTCP
	r := &Recording{client: &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Protocol: &tcp}}
	session := &description.Session{}
	for _, f := range formats {
		m := &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{f}}
		if f.ClockRate() == 90000 {
			m.Type = description.MediaTypeVideo
		}
		session.Medias = append(session.Medias, m)
	}
	r.medias = session.Medias
	if err := r.client.StartRecording(url, session); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.client.Close)
	return r
}

// Write sends packets of a track, pts ticks later than they say.
func (r *Recording) Write(track int, packets []*rtp.Packet, pts uint32) error {
	for _, p := range packets {
		p.Timestamp += pts
		if err := r.client.WritePacketRTP(r.medias[track], p); err != nil {
			return err
		}
	}
	return nil
}

// Feed calls write every period until the test ends.
func Feed(t *testing.T, period time.Duration, write func(n int) error) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(period)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				if write(n) != nil {
					return // the server has closed the session
				}
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
}
