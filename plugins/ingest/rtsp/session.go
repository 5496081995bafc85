package rtsp

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/rtp"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/codecs/cmaf/rtptrack"
	"github.com/shoal-live/shoal/core/ingest"
)

func newClient(c config) *gortsplib.Client {
	tcp := gortsplib.ProtocolTCP
	return &gortsplib.Client{
		Scheme: c.url.Scheme, Host: c.url.Host, Protocol: &tcp,
		ReadTimeout: c.timeout, WriteTimeout: c.timeout,
		TLSConfig:     tlsConfig(c),
		OnPacketsLost: func(n uint64) { c.log.Debug("rtsp: packets lost by the server", "count", n) },
		OnDecodeError: func(err error) { c.log.Debug("rtsp: packet left out", "err", err) },
	}
}

func tlsConfig(c config) *tls.Config {
	host, _, err := net.SplitHostPort(c.url.Host)
	if err != nil {
		host = c.url.Host
	}
	t := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	ip := net.ParseIP(host)
	switch {
	case c.fingerprint != nil:
		t.InsecureSkipVerify = true // the fingerprint says more than a chain
		t.VerifyConnection = func(s tls.ConnectionState) error {
			sum := sha256.Sum256(s.PeerCertificates[0].Raw)
			if !bytes.Equal(sum[:], c.fingerprint) {
				return errors.New("the certificate is not the one of parameter fingerprint")
			}
			return nil
		}
	case host == "localhost" || ip != nil && ip.IsLoopback():
		t.InsecureSkipVerify = true // nobody is in between; the usual certificate is self-signed
	}
	return t
}

// open chooses the tracks and prepares to read them.
func (i *Ingest) open(client *gortsplib.Client, session *description.Session, sink ingest.Sink) (*reader, error) {
	sources, inputs, err := i.choose(session)
	if err != nil {
		return nil, err
	}
	packager, err := cmaf.NewPackager(cmaf.PackagerConfig{
		Inputs: inputs, Span: i.cfg.span, Bitrate: i.cfg.bitrate, Delay: i.delays.Add,
	}, sink)
	if err != nil {
		return nil, fmt.Errorf("rtsp: %s: %w", i.cfg.name(), err)
	}
	r := &reader{align: i.cfg.align, packager: packager, sources: sources, ntp: client.PacketNTP, failed: make(chan error, 1)}
	r.clock.lead = sources[0].track
	for _, s := range sources {
		if s.media.Type == description.MediaTypeVideo {
			r.clock.lead = s.track
		}
	}
	r.clock.lead.placed = true
	for _, s := range sources {
		if _, err := client.Setup(session.BaseURL, s.media, 0, 0); err != nil {
			return nil, i.failure(err)
		}
		client.OnPacketRTP(s.media, s.format, func(p *rtp.Packet) { r.packet(s, p) })
	}
	return r, nil
}

// choose takes the first track of video and all of audio. Tracks of other kinds (metadata, back channels) are left
// out.
func (i *Ingest) choose(session *description.Session) ([]*source, []cmaf.Input, error) {
	var sources []*source
	var inputs []cmaf.Input
	var refused error
	video := false
	for n, m := range session.Medias {
		kind := m.Type
		if m.IsBackChannel || kind != description.MediaTypeVideo && kind != description.MediaTypeAudio {
			continue
		}
		if kind == description.MediaTypeVideo && video {
			i.cfg.log.Warn("rtsp: a second track of video is left out", "source", i.cfg.name(), "track", n+1)
			continue
		}
		s, in, err := newSource(m)
		if err != nil {
			err = fmt.Errorf("rtsp: %s: track %d (%s): %w", i.cfg.name(), n+1, kind, err)
			if i.cfg.unsupported == refuse {
				return nil, nil, fmt.Errorf("%w (unsupportedTracks: drop carries the other tracks)", err)
			}
			i.cfg.log.Warn("rtsp: a track is left out", "err", err)
			refused = err
			continue
		}
		video = video || kind == description.MediaTypeVideo
		s.index = len(inputs)
		sources, inputs = append(sources, s), append(inputs, in)
	}
	if len(sources) == 0 {
		if refused == nil {
			refused = fmt.Errorf("rtsp: %s: %w: it has neither video nor audio", i.cfg.name(), ingest.ErrCodec)
		}
		return nil, nil, refused
	}
	return sources, inputs, nil
}

// newSource reads the first format of m that is carried.
func newSource(m *description.Media) (*source, cmaf.Input, error) {
	var first error
	for _, f := range m.Formats {
		s, in, err := fromFormat(m, f)
		if err == nil {
			return s, in, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = fmt.Errorf("%w: no format", ingest.ErrCodec)
	}
	return nil, cmaf.Input{}, first
}

func fromFormat(m *description.Media, f format.Format) (*source, cmaf.Input, error) {
	params, err := rtptrack.Params(f)
	if err != nil {
		return nil, cmaf.Input{}, err
	}
	decoder, err := rtptrack.NewDecoder(f)
	if err != nil {
		return nil, cmaf.Input{}, err
	}
	rate := f.ClockRate()
	if rate <= 0 {
		return nil, cmaf.Input{}, fmt.Errorf("%w: %s without a clock rate", ingest.ErrCodec, rtptrack.Name(f))
	}
	s := &source{media: m, format: f, decoder: decoder, track: &track{scale: int64(rate)}, arrival: arrival{scale: int64(rate)}}
	if a, ok := params.(*codecs.MPEG4Audio); ok && m.Type == description.MediaTypeAudio {
		s.frame = 1024 * int64(rate) / int64(max(a.Config.SampleRate, 1))
	}
	return s, cmaf.Input{Params: params, Timescale: uint32(rate)}, nil
}
