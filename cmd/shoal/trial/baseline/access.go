package baseline

import "github.com/bluenviron/gortsplib/v5/pkg/format"

// access tells whether an RTP payload holds the beginning of a picture at which decoding can begin. Of a format that it
// does not know, every picture is one.
func access(f format.Format, payload []byte) bool {
	if len(payload) < 3 {
		return false
	}
	switch f.(type) {
	case *format.H264:
		return accessH264(payload)
	case *format.H265:
		return accessH265(payload)
	case *format.AV1:
		const newSequence = 0x08 // RFC of AOMedia, 4.4: N, the first packet of a coded video sequence
		return payload[0]&newSequence != 0
	case *format.VP9:
		const predicted, beginning = 0x40, 0x08 // RFC 9628, 4.2
		return payload[0]&predicted == 0 && payload[0]&beginning != 0
	}
	return true
}

// accessH264 reads RFC 6184: NAL units alone, several in a STAP-A, and fragments by FU-A.
func accessH264(p []byte) bool {
	const idr, stapA, fuA, start = 5, 24, 28, 0x80
	switch p[0] & 0x1f {
	case idr:
		return true
	case stapA:
		for p = p[1:]; len(p) > 2; {
			size := int(p[0])<<8 | int(p[1])
			if p[2]&0x1f == idr {
				return true
			}
			p = p[min(2+size, len(p)):]
		}
	case fuA:
		return p[1]&start != 0 && p[1]&0x1f == idr
	}
	return false
}

// accessH265 reads RFC 7798: NAL units alone, several in an aggregation packet, and fragments.
func accessH265(p []byte) bool {
	const aggregation, fragment, start = 48, 49, 0x80
	irap := func(kind byte) bool { return kind >= 16 && kind <= 21 } // BLA, IDR, CRA
	switch kind := p[0] >> 1 & 0x3f; kind {
	case aggregation:
		for p = p[2:]; len(p) > 2; {
			size := int(p[0])<<8 | int(p[1])
			if irap(p[2] >> 1 & 0x3f) {
				return true
			}
			p = p[min(2+size, len(p)):]
		}
	case fragment:
		return p[2]&start != 0 && irap(p[2]&0x3f)
	default:
		return irap(kind)
	}
	return false
}
