package hls

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	tscodecs "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/ingest"
)

// transport demuxes MPEG-TS.
type transport struct {
	in      *bytes.Reader // the piece that is read
	fresh   bool          // it is the first, of which nothing has been read
	reader  *mpegts.Reader
	clock   mpegts.TimeDecoder
	zero    int64 // the first timestamp; the clock counts from it
	began   bool
	all     []announced
	pending []unit
	bad     func(error) // told what could not be read and was left out
}

// newTransport finds the tracks of the first piece, which is then given to units.
func newTransport(piece []byte, bad func(error)) (*transport, error) {
	t := &transport{in: bytes.NewReader(piece), fresh: true, bad: bad}
	t.reader = &mpegts.Reader{R: t.in}
	if err := t.reader.Initialize(); err != nil {
		return nil, fmt.Errorf("no MPEG-TS: %w", err)
	}
	t.reader.OnDecodeError(bad)
	for _, k := range t.reader.Tracks() {
		t.all = append(t.all, t.announce(k))
	}
	return t, nil
}

func (t *transport) tracks() []announced { return t.all }

func (t *transport) units(piece []byte) ([]unit, error) {
	if !t.fresh {
		t.in.Reset(piece)
	}
	t.fresh = false
	t.pending = nil
	for {
		err := t.reader.Read()
		if errors.Is(err, io.EOF) {
			return t.pending, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// announce says what k is, and has its units kept if it is carried.
func (t *transport) announce(k *mpegts.Track) announced {
	carried := func(kind kind, codec codecs.Codec) announced { return announced{track: newTrack(codec), kind: kind} }
	refused := func(kind kind, name string) announced {
		return announced{kind: kind, err: fmt.Errorf("%w: %s in MPEG-TS (carried: H.264, H.265, Opus, MPEG-4 audio)", ingest.ErrCodec, name)}
	}
	switch c := k.Codec.(type) {
	case *tscodecs.H264:
		a := carried(video, &codecs.H264{})
		t.reader.OnDataH264(k, func(pts, dts int64, au [][]byte) error { return t.add(a.track, pts, dts, au) })
		return a
	case *tscodecs.H265:
		a := carried(video, &codecs.H265{})
		t.reader.OnDataH265(k, func(pts, dts int64, au [][]byte) error { return t.add(a.track, pts, dts, au) })
		return a
	case *tscodecs.MPEG4Audio:
		if c.Config.SampleRate <= 0 {
			return refused(audio, "MPEG-4 audio without a sampling rate")
		}
		a := carried(audio, &codecs.MPEG4Audio{Config: c.Config})
		t.reader.OnDataMPEG4Audio(k, func(pts int64, aus [][]byte) error { return t.add(a.track, pts, pts, aus) })
		return a
	case *tscodecs.Opus:
		n := c.Desc.ChannelCount()
		if n < 1 || n > 2 {
			return refused(audio, fmt.Sprintf("Opus with %d channels", n))
		}
		a := carried(audio, &codecs.Opus{ChannelCount: n})
		t.reader.OnDataOpus(k, func(pts int64, packets [][]byte) error { return t.add(a.track, pts, pts, packets) })
		return a
	case *tscodecs.MPEG4Video:
		return refused(video, "MPEG-4 video")
	case *tscodecs.MPEG1Video:
		return refused(video, "MPEG-1/2 video")
	case *tscodecs.MPEG4AudioLATM:
		return refused(audio, "MPEG-4 audio in LATM")
	case *tscodecs.MPEG1Audio:
		return refused(audio, "MPEG-1 audio")
	case *tscodecs.AC3:
		return refused(audio, "AC-3")
	case *tscodecs.EAC3:
		return refused(audio, "E-AC-3")
	}
	return announced{kind: other}
}

func (t *transport) add(k *track, pts, dts int64, data [][]byte) error {
	if !t.began {
		t.began, t.zero = true, dts
	}
	at, due := t.zero+t.clock.Decode(pts), t.zero+t.clock.Decode(dts)
	if k.index >= 0 {
		t.pending = append(t.pending, unit{track: k, dts: duration(due, 90000), pts: rescale(at, 90000, k.rate), data: data})
	}
	return nil
}

// replaced is a demuxer that begins anew with piece, whose tracks take the places of those before.
func (t *transport) replaced(piece []byte) (demuxer, error) {
	n, err := newTransport(piece, t.bad)
	if err != nil {
		return nil, err
	}
	if len(n.all) != len(t.all) {
		return nil, fmt.Errorf("%w: it has %d tracks, and had %d", errChanged, len(n.all), len(t.all))
	}
	for i, a := range n.all {
		was := t.all[i]
		switch {
		case was.track == nil || was.index < 0:
			continue
		case a.track == nil:
			return nil, a.err
		case cmaf.Name(a.codec) != cmaf.Name(was.codec) || a.rate != was.rate:
			return nil, fmt.Errorf("%w: track %d is %s", errChanged, i+1, cmaf.Name(a.codec))
		}
		a.index = was.index
	}
	return n, nil
}
