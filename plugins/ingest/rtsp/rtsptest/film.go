package rtsptest

import (
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpsimpleaudio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/rtp"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/codecs/cmaf/rtptrack"
)

// Film is the H.264 track of a bundled clip as access units with their parameter sets in-band.
func Film(t *testing.T, name string) (params *codecs.H264, units [][][]byte) {
	t.Helper()
	c, err := clip.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range c.Tracks {
		p, ok := k.Codec.(*codecs.H264)
		if !ok {
			continue
		}
		params = p
		for _, s := range k.Samples {
			b, err := s.Payload()
			if err != nil {
				t.Fatal(err)
			}
			var unit [][]byte
			if s.Key {
				unit = append(unit, p.SPS, p.PPS)
			}
			units = append(units, append(unit, nalus(b)...))
		}
	}
	return params, units
}

// nalus splits a sample that was made by us.
func nalus(b []byte) [][]byte {
	var units [][]byte
	for len(b) >= 4 {
		n := binary.BigEndian.Uint32(b)
		units = append(units, b[4:4+n])
		b = b[4+n:]
	}
	return units
}

// PublishChanging sends one clip and, from the moment that change is called, another of a different size, in the same
// session and with time going on, as an encoder does that is set anew.
func PublishChanging(t *testing.T, s *tool.Server, path string) (change func()) {
	t.Helper()
	params, first := Film(t, "h264-opus")
	_, second := Film(t, "h264-480x270-aac")
	f := &format.H264{PayloadTyp: 96, SPS: params.SPS, PPS: params.PPS, PacketizationMode: 1}
	r := Record(t, s.RTSPURL(path), f)
	e, err := rtptrack.NewEncoder(f)
	if err != nil {
		t.Fatal(err)
	}
	var changed atomic.Bool
	units, next := first, 0
	Feed(t, time.Second/30, func(n int) error {
		if changed.CompareAndSwap(true, false) {
			units, next = second, 0
		}
		packets, err := e.Encode(units[next%len(units)])
		if err != nil {
			return err
		}
		next++
		return r.Write(0, packets, uint32(n)*3000)
	})
	if _, err := s.WaitReady(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return func() { changed.Store(true) }
}

// PublishFilm sends units as the first of two tracks; the second stays silent.
func PublishFilm(t *testing.T, s *tool.Server, path string, video, silent format.Format, units [][][]byte) {
	t.Helper()
	r := Record(t, s.RTSPURL(path), video, silent)
	e, err := rtptrack.NewEncoder(video)
	if err != nil {
		t.Fatal(err)
	}
	Feed(t, time.Second/30, func(n int) error {
		packets, err := e.Encode(units[n%len(units)])
		if err != nil {
			return err
		}
		return r.Write(0, packets, uint32(n)*3000)
	})
	if _, err := s.WaitReady(t.Context(), path); err != nil {
		t.Fatal(err)
	}
}

// PublishG711 sends silence, as many cameras do.
func PublishG711(t *testing.T, s *tool.Server, path string) {
	t.Helper()
	f := &format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}
	r := Record(t, s.RTSPURL(path), f)
	e := &rtpsimpleaudio.Encoder{PayloadType: 8}
	if err := e.Init(); err != nil {
		t.Fatal(err)
	}
	Feed(t, 20*time.Millisecond, func(n int) error {
		p, err := e.Encode(make([]byte, 160))
		if err != nil {
			return err
		}
		return r.Write(0, []*rtp.Packet{p}, uint32(n)*160)
	})
	if _, err := s.WaitReady(t.Context(), path); err != nil {
		t.Fatal(err)
	}
}
