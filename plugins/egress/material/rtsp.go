package material

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"github.com/shoal-live/shoal/core/chunk"
)

// ReadRTSP returns once a packet of every track of d has come.
func ReadRTSP(ctx context.Context, url string, d *chunk.Descriptor) error {
	u, err := base.ParseURL(url)
	if err != nil {
		return err
	}
	overTCP := gortsplib.ProtocolTCP
	c := &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Protocol: &overTCP}
	if err := c.Start(); err != nil {
		return err
	}
	defer c.Close()
	desc, _, err := c.Describe(u)
	if err != nil {
		return err
	}
	if len(desc.Medias) != len(d.Tracks) {
		return fmt.Errorf("%d medias, want %d", len(desc.Medias), len(d.Tracks))
	}
	want := map[string]string{"avc1": "H264", "hvc1": "H265", "opus": "Opus", "mp4a": "MPEG-4 Audio"}
	got := make(chan *description.Media, 1000)
	for i, m := range desc.Medias {
		name := want[strings.Split(strings.ToLower(d.Tracks[i].Codec), ".")[0]]
		if have := m.Formats[0].Codec(); have != name { //nolint:staticcheck // the only name there is
			return fmt.Errorf("track %d is %s, want %s", i, have, name)
		}
	}
	if err := c.SetupAll(desc.BaseURL, desc.Medias); err != nil {
		return err
	}
	c.OnPacketRTPAny(func(m *description.Media, _ format.Format, _ *rtp.Packet) {
		select {
		case got <- m:
		default:
		}
	})
	if _, err := c.Play(nil); err != nil {
		return err
	}
	missing := map[*description.Media]bool{}
	for _, m := range desc.Medias {
		missing[m] = true
	}
	timer := time.NewTimer(5 * time.Second)
	defer timer.Stop()
	for len(missing) > 0 {
		select {
		case m := <-got:
			delete(missing, m)
		case <-timer.C:
			return fmt.Errorf("%d tracks without a packet", len(missing))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
