package mp4

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/ingest"
)

// Codec reads the description of a track. Errors: [ingest.ErrCodec], naming the codec.
func (h *Track) Codec() (codecs.Codec, error) {
	if len(h.stsd) < 24 {
		return nil, fmt.Errorf("%w: no description of it", ingest.ErrCodec)
	}
	name := string(h.stsd[20:24])
	if n := binary.BigEndian.Uint32(h.stsd[12:]); n != 1 {
		return nil, fmt.Errorf("%w: %q with %d descriptions, not one (encode it as one: ffmpeg -i FILE NEW.mp4)", ingest.ErrCodec, name, n)
	}
	if n := h.lengthSize(); n != 4 {
		return nil, fmt.Errorf("%w: %q with NAL unit lengths of %d bytes, not 4 (rewrite it: ffmpeg -i FILE -c copy NEW.mp4)", ingest.ErrCodec, name, n)
	}
	var in fmp4.Init
	if err := in.Unmarshal(bytes.NewReader(h.alone())); err != nil || len(in.Tracks) != 1 {
		return nil, fmt.Errorf("%w: %q (carried: H.264, H.265, AV1, VP9, Opus, MPEG-4 audio)", ingest.ErrCodec, name)
	}
	c := in.Tracks[0].Codec
	if _, err := cmaf.NewTrack(1, 90000, c); err != nil {
		return nil, err
	}
	if o, ok := c.(*codecs.Opus); ok && o.ChannelCount > 2 {
		return nil, fmt.Errorf("%w: Opus with %d channels (1 and 2 are)", ingest.ErrCodec, o.ChannelCount)
	}
	return c, nil
}

// alone is an init segment of this track and nothing else, so that the reader of descriptions sees nothing that it has no need
// of, and one track at a time. The reader takes the box behind the description for its end.
func (h *Track) alone() []byte {
	tkhd := make([]byte, 84)
	binary.BigEndian.PutUint32(tkhd[12:], 1)
	mdhd := make([]byte, 24)
	binary.BigEndian.PutUint32(mdhd[12:], uint32(h.Timescale))
	mvhd := make([]byte, 100)
	mdia := wrap("mdia", wrap("mdhd", mdhd), wrap("minf", wrap("stbl", h.stsd, wrap("free"))))
	return append(wrap("ftyp", []byte("isom\x00\x00\x00\x00")), wrap("moov", wrap("mvhd", mvhd), wrap("trak", wrap("tkhd", tkhd), mdia))...)
}

// wrap is a box that holds children.
func wrap(name string, children ...[]byte) []byte {
	body := bytes.Join(children, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), name...), body...)
}

// lengthSize is how many bytes the length of a NAL unit takes; 4 where there are no NAL units.
func (h *Track) lengthSize() int {
	at := map[string]int{"avcC": 4, "hvcC": 21} // of the byte with the size, in the body of each
	r := bytes.NewReader(h.stsd)
	size := 4
	const children = 16 + 8 + 78 // in a description of video
	_ = each(r, min(children, int64(len(h.stsd))), int64(len(h.stsd)), func(b box) error {
		if n, ok := at[b.name]; ok && b.body+int64(n) < b.end {
			size = int(h.stsd[b.body+int64(n)]&3) + 1
		}
		return nil
	}) // a description that cannot be read is told by the reader of descriptions
	return size
}
