package mpegts

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/shoal-live/shoal/core/chunk"
)

// stream is one entry of a program's table.
type stream struct {
	number int // in the table, from 1
	pid    uint16
	kind   kind
	codec  string // as people call it
	carry  carry
	entry  []byte // as it stands in the table
}

// kind says what a stream is.
type kind uint8

const (
	data kind = iota // subtitles, cues, metadata: no track of ours
	video
	audio
)

func (k kind) String() string { return [...]string{"data", "video", "audio"}[k] }

// carry says whether a codec is carried, and what the demuxer needs to begin with it.
type carry uint8

const (
	refused    carry = iota
	asItComes        // its table entry says all
	afterFrame       // what it is stands in its frames
)

// streamType is what a stream type means, ISO 13818-1, table 2-34, and ATSC's and others' additions to it.
type streamType struct {
	kind  kind
	codec string
	carry carry
}

// typeOf knows the types of sound and picture; all else is data.
func typeOf(b byte) streamType {
	switch b {
	case 0x01, 0x02:
		return streamType{video, "MPEG-1/2 video", refused}
	case 0x03, 0x04:
		return streamType{audio, "MPEG-1/2 audio", refused}
	case 0x0f:
		return streamType{audio, "MPEG-4 audio", afterFrame}
	case 0x10:
		return streamType{video, "MPEG-4 part 2 video", refused}
	case 0x11:
		return streamType{audio, "MPEG-4 audio in LATM", refused}
	case 0x1b:
		return streamType{video, "H.264", asItComes}
	case 0x21:
		return streamType{video, "JPEG 2000", refused}
	case 0x24:
		return streamType{video, "H.265", asItComes}
	case 0x33:
		return streamType{video, "H.266", refused}
	case 0x81:
		return streamType{audio, "AC-3", refused}
	case 0x87:
		return streamType{audio, "E-AC-3", refused}
	case 0xd1:
		return streamType{video, "Dirac", refused}
	case 0xea:
		return streamType{video, "VC-1", refused}
	}
	return streamType{}
}

// Descriptors that say what private data are: ISO 13818-1, 2.6, and ETSI EN 300 468.
const (
	typePrivate    = 0x06
	tagRegistered  = 0x05
	tagAC3         = 0x6a
	tagEAC3        = 0x7a
	tagDTS         = 0x7b
	tagExtension   = 0x7f
	extensionOpus  = 0x80
	maxOpusStereo  = 2
	entryHeader    = 5
	descriptorHead = 2
)

// newStream reads an entry, which it copies.
func newStream(entry []byte) stream {
	t := typeOf(entry[0])
	if entry[0] == typePrivate {
		t = private(entry[entryHeader:])
	}
	return stream{
		pid: binary.BigEndian.Uint16(entry[1:]) & 0x1fff, kind: t.kind, codec: t.codec, carry: t.carry, entry: bytes.Clone(entry),
	}
}

// private reads the descriptors of private data.
func private(d []byte) (t streamType) {
	registered, channels := "", -1
	for len(d) >= descriptorHead && len(d) >= descriptorHead+int(d[1]) {
		body := d[descriptorHead : descriptorHead+int(d[1])]
		switch tag := d[0]; {
		case tag == tagRegistered && len(body) >= 4:
			registered = string(body[:4])
		case tag == tagAC3:
			t = streamType{audio, "AC-3", refused}
		case tag == tagEAC3:
			t = streamType{audio, "E-AC-3", refused}
		case tag == tagDTS:
			t = streamType{audio, "DTS", refused}
		case tag == tagExtension && len(body) >= 2 && body[0] == extensionOpus:
			channels = int(body[1])
		}
		d = d[descriptorHead+int(d[1]):]
	}
	switch registered {
	case "Opus":
		if channels == 1 || channels == maxOpusStereo {
			return streamType{audio, "Opus", asItComes}
		}
		return streamType{audio, fmt.Sprintf("Opus of channel configuration %d (1 and 2 are carried)", channels), refused}
	case "AV01":
		return streamType{video, "AV1", refused}
	case "AC-3":
		return streamType{audio, "AC-3", refused}
	case "BSSD":
		return streamType{audio, "SMPTE 302M", refused}
	}
	return t
}

// maxUnit is the most bytes of one unit: more is no unit, but a stream that never ends one. A packet of sound names its
// length, in 16 bits.
func (k *stream) maxUnit() int {
	if k.kind == video {
		return chunk.MaxGroupSize
	}
	return 128 << 10
}

// String names the stream for people.
func (k *stream) String() string {
	return fmt.Sprintf("track %d (%s, PID %d)", k.number, k.kind, k.pid)
}
