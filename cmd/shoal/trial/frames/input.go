package frames

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/rtp"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/codecs/cmaf/rtptrack"
	"github.com/shoal-live/shoal/core/chunk"
)

// ErrInput means that the input cannot be read, or not any more.
var ErrInput = errors.New("input cannot be read")

// Input records what a media server is given, by reading it beside the ingest, over RTSP and TCP.
type Input struct {
	book
	url   string
	epoch uint32 // number of the connection; Run's
}

// NewInput records the last keep of the RTSP URL of a path.
func NewInput(url string, keep time.Duration) *Input { return &Input{book: newBook(keep), url: url} }

// Run records until ctx ends, and then returns nil. It may be called again when it has returned. Errors: ErrInput.
func (in *Input) Run(ctx context.Context) error {
	in.epoch++
	if err := in.run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	return nil
}

func (in *Input) run(ctx context.Context) error {
	u, err := base.ParseURL(in.url)
	if err != nil {
		return errors.New("its address is no RTSP URL") // the error repeats the URL, password and all
	}
	tcp := gortsplib.ProtocolTCP
	client := &gortsplib.Client{
		Scheme: u.Scheme, Host: u.Host, Protocol: &tcp,
		OnPacketsLost: in.spoil, OnDecodeError: func(error) { in.spoil(1) },
	}
	if err := client.Start(); err != nil {
		return err
	}
	defer client.Close()
	defer context.AfterFunc(ctx, client.Close)()
	session, _, err := client.Describe(u)
	if err != nil {
		return err
	}
	if err := in.setup(client, session); err != nil {
		return err
	}
	if _, err := client.Play(nil); err != nil {
		return err
	}
	return client.Wait()
}

// setup prepares to read what the ingest carries: the first track of video, and all of audio.
func (in *Input) setup(client *gortsplib.Client, session *description.Session) error {
	count := make(map[chunk.Kind]int)
	for _, m := range session.Medias {
		kind := chunk.Audio
		switch {
		case m.IsBackChannel:
			continue
		case m.Type == description.MediaTypeVideo && count[chunk.Video] == 0:
			kind = chunk.Video
		case m.Type != description.MediaTypeAudio:
			continue
		}
		for _, f := range m.Formats {
			h, err := newHeard(f)
			if err != nil {
				continue // the next one may be carried
			}
			if _, err := client.Setup(session.BaseURL, m, 0, 0); err != nil {
				return err
			}
			h.epoch, h.page = in.epoch, in.page(kind, count[kind])
			count[kind]++
			client.OnPacketRTP(m, f, func(p *rtp.Packet) { in.packet(h, p, time.Now()) })
			break
		}
	}
	if len(count) == 0 {
		return errors.New("it has no track that is carried")
	}
	return nil
}

// heard is a track of one connection. It belongs to the goroutine that reads.
type heard struct {
	epoch   uint32
	page    *page
	decoder *rtptrack.Decoder
	essence *essence
	clock   cmaf.Track // for its timescale
	zero    int64      // ticks 0 by the wall clock, roughly, in nanoseconds since 1970
	begun   bool
	last    uint32 // RTP time
	ticks   int64  // the same, unwrapped
	audio   bool
	length  int64 // ticks of a frame of audio, where a packet may hold several
}

func newHeard(f format.Format) (*heard, error) {
	params, err := rtptrack.Params(f)
	if err != nil {
		return nil, err
	}
	h := &heard{essence: newEssence(params), audio: !params.IsVideo()}
	if h.decoder, err = rtptrack.NewDecoder(f); err != nil {
		return nil, err
	}
	if f.ClockRate() <= 0 {
		return nil, errors.New("no clock rate")
	}
	h.clock.Timescale = uint32(f.ClockRate())
	if a, ok := params.(*codecs.MPEG4Audio); ok {
		samples := int64(1024)
		if a.Config.FrameLengthFlag {
			samples = 960
		}
		h.length = samples * int64(f.ClockRate()) / int64(max(a.Config.SampleRate, 1))
	}
	return h, nil
}

// packet takes the next packet of a track.
func (in *Input) packet(h *heard, p *rtp.Packet, now time.Time) {
	if !h.begun {
		h.begun, h.last, h.zero = true, p.Timestamp, now.UnixNano()
	}
	h.ticks += int64(int32(p.Timestamp - h.last))
	h.last = p.Timestamp
	units, err := h.decoder.Decode(p)
	if err != nil {
		in.spoil(1)
		return
	}
	if units == nil {
		return
	}
	note := func(units [][]byte, ticks int64) {
		if size, hash, ok := h.essence.frame(units); ok {
			at := h.zero + int64(h.clock.Duration(ticks))
			in.write(h.page, Frame{Epoch: h.epoch, Size: size, Hash: hash, Time: at, At: now.UnixNano()})
		}
	}
	if !h.audio {
		note(units, h.ticks)
		return
	}
	for i, u := range units {
		note([][]byte{u}, h.ticks+int64(i)*h.length)
	}
}
