package clip

import (
	"bytes"
	"slices"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
)

// Filler is a NAL unit of supplemental information with the message "filler payload" (H.264, 7.3.2.3.1 and D.1.4), in front of
// the picture's slices:
//
//	06                   NAL unit: SEI
//	03                   message: filler payload
//	ff ... n             size: 255 for each ff, and the last byte
//	ff ...               payload
//	80                   end of the NAL unit
//
// Filler data of NAL unit type 12 means the same and would not arrive: codecs/cmaf drops it, as ISO 14496-15 wants of
// files. A message of user data would arrive, and players would hand it to whoever listens.
const (
	naluSEI       = 0x06
	seiFiller     = 0x03
	seiEnd        = 0x80
	lengthPrefix  = 4
	fillerMinimum = lengthPrefix + 4 // bytes of one without payload
)

// addFiller makes a length-prefixed sample n bytes longer, or one byte less where the size field does not allow for it. Under
// fillerMinimum it is left as it is.
func addFiller(sample []byte, n int) ([]byte, error) {
	if n < fillerMinimum {
		return sample, nil
	}
	var unit h264.AVCC
	if err := unit.Unmarshal(sample); err != nil {
		return nil, err
	}
	at := max(slices.IndexFunc(unit, isSlice), 0)
	return slices.Insert(unit, at, fillerOf(n)).Marshal()
}

// fillerOf is a NAL unit that is n bytes, or one less, with the length in front.
func fillerOf(n int) []byte {
	room := n - fillerMinimum
	payload := room - (room+1)/256 // each 255 bytes take one more of the size
	b := append(make([]byte, 0, n), naluSEI, seiFiller)
	b = append(b, bytes.Repeat([]byte{0xff}, payload/255)...)
	b = append(b, byte(payload%255))
	b = append(b, bytes.Repeat([]byte{0xff}, payload)...)
	return append(b, seiEnd)
}

func isSlice(nalu []byte) bool {
	kind := h264.NALUType(nalu[0] & 0x1f)
	return kind >= h264.NALUTypeNonIDR && kind <= h264.NALUTypeIDR
}
