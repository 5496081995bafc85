package cmaf

import (
	"bytes"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/core/ingest"
)

// picture knows one codec of video.
type picture interface {
	// read looks at one unit. units are what its sample holds, nil when there is no picture in it; access tells
	// that decoding can begin at it. They are valid until the next call.
	read(data [][]byte) (units [][]byte, access bool)
	// params are what a decoder needs from the last picture of access on; nil while some are missing.
	params() codecs.Codec
	// reset forgets the order of pictures: the next one is of access.
	reset()
	// decode works out when a picture is decoded, in ticks of 1/90000 s.
	decode(units [][]byte, pts int64) (int64, error)
	// pack is the sample.
	pack(units [][]byte) []byte
}

func newPicture(params codecs.Codec) (picture, error) {
	switch c := params.(type) {
	case *codecs.H264:
		return newH264(c), nil
	case *codecs.H265:
		return newH265(c), nil
	case *codecs.AV1:
		return &av1Picture{}, nil
	case *codecs.VP9:
		return &vp9Picture{}, nil
	}
	return nil, fmt.Errorf("%w: %s (carried: H.264, H.265, AV1, VP9, Opus, MPEG-4 audio)", ingest.ErrCodec, Name(params))
}

// av1Picture: temporal units come in the order of presentation.
type av1Picture struct {
	header []byte
	units  [][]byte
}

func (v *av1Picture) read(data [][]byte) (units [][]byte, access bool) {
	v.units = v.units[:0]
	var header []byte
	shown := false
	for _, u := range data {
		if len(u) < 2 {
			continue
		}
		switch kind := u[0] >> 3 & 15; kind {
		case byte(av1.OBUTypeTemporalDelimiter), 15: // 15 is padding
			continue
		case byte(av1.OBUTypeSequenceHeader):
			header = u
		case 3, 6: // a frame header, alone or with its frame
			shown = true
			access = access || isAV1Key(u)
		}
		v.units = append(v.units, u)
	}
	if !shown {
		return nil, false
	}
	if access = access && header != nil; access {
		v.header = bytes.Clone(header)
	}
	return v.units, access
}

// isAV1Key reads show_existing_frame and frame_type (AV1 specification, 5.9.2) behind the OBU's own header.
func isAV1Key(obu []byte) bool {
	body := obu[1:]
	if obu[0]&obuHasExtension != 0 {
		body = body[1:]
	}
	if obu[0]&obuHasSize != 0 {
		var size av1.LEB128
		n, err := size.Unmarshal(body)
		if err != nil {
			return false
		}
		body = body[n:]
	}
	return len(body) > 0 && body[0]>>5 == 0
}

func (v *av1Picture) params() codecs.Codec {
	if v.header == nil {
		return nil
	}
	return &codecs.AV1{SequenceHeader: v.header}
}

func (v *av1Picture) reset()                                      {}
func (v *av1Picture) decode(_ [][]byte, pts int64) (int64, error) { return pts, nil }
func (v *av1Picture) pack(units [][]byte) []byte                  { return packOBUs(units) }

// vp9Picture: frames come in the order of presentation, invisible ones within superframes.
type vp9Picture struct {
	known *codecs.VP9
}

func (v *vp9Picture) read(data [][]byte) (units [][]byte, access bool) {
	if len(data) == 0 || len(data[0]) == 0 {
		return nil, false
	}
	var h vp9.Header
	if err := h.Unmarshal(data[0]); err != nil {
		return nil, false
	}
	access = !h.NonKeyFrame && !h.ShowExistingFrame && h.ColorConfig != nil
	if access {
		v.known = &codecs.VP9{
			Width: h.Width(), Height: h.Height(), Profile: h.Profile, BitDepth: h.ColorConfig.BitDepth,
			ChromaSubsampling: h.ChromaSubsampling(), ColorRange: h.ColorConfig.ColorRange,
		}
	}
	return data[:1], access
}

func (v *vp9Picture) params() codecs.Codec {
	if v.known == nil {
		return nil
	}
	return v.known
}

func (v *vp9Picture) reset()                                      {}
func (v *vp9Picture) decode(_ [][]byte, pts int64) (int64, error) { return pts, nil }
func (v *vp9Picture) pack(units [][]byte) []byte                  { return bytes.Clone(units[0]) }
