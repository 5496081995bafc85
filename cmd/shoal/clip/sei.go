package clip

import (
	"bytes"
	"slices"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
)

// Filler is a NAL unit of supplemental information with the message "user data, unregistered" (H.264, 7.3.2.3.1 and D.1.7), in
// front of the picture's slices:
//
//	06                   NAL unit: SEI
//	05                   message: user data, unregistered
//	ff ... n             size of what follows: 255 for each ff, and the last byte
//	3ca965d2-3612-46ed ...   UUID, 16 bytes
//	ff ...
//	80                   end of the NAL unit
//
// H.264 has filler of its own, which means the same and would not arrive: ISO 14496-15 wants neither NAL units of type 12 nor
// messages of filler in what is stored, and codecs/cmaf drops the former.
const (
	naluSEI       = 0x06
	seiUserData   = 0x05
	seiEnd        = 0x80
	lengthPrefix  = 4
	fillerMinimum = lengthPrefix + 4 + len(fillerID) // bytes of one that is empty
)

// fillerID is 3ca965d2-3612-46ed-92e8-58c5ab38b2fb, the UUID that tells filler from other user data. It has no zeros, as all
// of filler has not two in a row: there is no need of emulation prevention.
var fillerID = [16]byte{
	0x3c, 0xa9, 0x65, 0xd2, 0x36, 0x12, 0x46, 0xed,
	0x92, 0xe8, 0x58, 0xc5, 0xab, 0x38, 0xb2, 0xfb,
}

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
	room := n - lengthPrefix - 4 // for the payload, and more of its size than one byte
	size := room - (room+1)/256  // each 255 bytes of payload take one of size
	b := append(make([]byte, 0, n), naluSEI, seiUserData)
	b = append(b, bytes.Repeat([]byte{0xff}, size/255)...)
	b = append(b, byte(size%255))
	b = append(b, fillerID[:]...)
	b = append(b, bytes.Repeat([]byte{0xff}, size-len(fillerID))...)
	return append(b, seiEnd)
}

func isSlice(nalu []byte) bool {
	kind := h264.NALUType(nalu[0] & 0x1f)
	return kind >= h264.NALUTypeNonIDR && kind <= h264.NALUTypeIDR
}
