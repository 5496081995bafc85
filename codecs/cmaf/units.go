package cmaf

import (
	"encoding/binary"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/core/chunk"
)

// Units splits the payload of s into what RTP packetizers and HLS muxers take: NAL units for H.264 and H.265,
// OBUs without size fields for AV1, one whole frame for the others. They alias the payload, but for AV1. Errors: [chunk.ErrFormat].
func (u *Unpackager) Units(s *Sample) ([][]byte, error) {
	switch u.init.Tracks[s.Track].Params.(type) {
	case *codecs.H264:
		return nalus(s.Payload, 1)
	case *codecs.H265:
		return nalus(s.Payload, 2)
	case *codecs.AV1:
		return obus(s.Payload)
	}
	if len(s.Payload) == 0 {
		return nil, fmt.Errorf("cmaf: %w: empty sample", chunk.ErrFormat)
	}
	return [][]byte{s.Payload}, nil
}

// nalus reads NAL units of at least least bytes behind lengths of four. Empty ones are left out.
func nalus(b []byte, least int) ([][]byte, error) {
	var units [][]byte
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, fmt.Errorf("cmaf: %w: %d bytes where a NAL unit should begin", chunk.ErrFormat, len(b))
		}
		n := int64(binary.BigEndian.Uint32(b))
		b = b[4:]
		if n > int64(len(b)) || n != 0 && n < int64(least) {
			return nil, fmt.Errorf("cmaf: %w: NAL unit of %d bytes, %d are there", chunk.ErrFormat, n, len(b))
		}
		if n > 0 {
			units = append(units, b[:n:n])
		}
		b = b[n:]
	}
	if len(units) == 0 {
		return nil, fmt.Errorf("cmaf: %w: no NAL unit", chunk.ErrFormat)
	}
	return units, nil
}

// packNALUs is the reverse of nalus.
func packNALUs(units [][]byte) []byte {
	size := 0
	for _, n := range units {
		size += 4 + len(n)
	}
	b := make([]byte, 0, size)
	for _, n := range units {
		b = binary.BigEndian.AppendUint32(b, uint32(len(n)))
		b = append(b, n...)
	}
	return b
}

// Bits of an OBU header, AV1 specification, 5.3.2.
const (
	obuHasExtension = 0x04
	obuHasSize      = 0x02
)

// obus reads OBUs with size fields, and answers them without.
func obus(b []byte) ([][]byte, error) {
	var units [][]byte
	for len(b) > 0 {
		head := 1
		if b[0]&obuHasExtension != 0 {
			head = 2
		}
		size, rest := len(b)-head, b[min(head, len(b)):] // the last one may leave its size out
		if b[0]&obuHasSize != 0 {
			var leb av1.LEB128
			n, err := leb.Unmarshal(rest)
			if err != nil {
				return nil, fmt.Errorf("cmaf: %w: OBU: %w", chunk.ErrFormat, err)
			}
			size, rest = int(leb), rest[n:]
		}
		if size < 0 || size > len(rest) {
			return nil, fmt.Errorf("cmaf: %w: OBU of %d bytes, %d are there", chunk.ErrFormat, size, len(rest))
		}
		if av1.OBUType(b[0]>>3&15) != av1.OBUTypeTemporalDelimiter {
			unit := append(make([]byte, 0, head+size), b[:head]...)
			unit[0] &^= obuHasSize
			units = append(units, append(unit, rest[:size]...))
		}
		b = rest[size:]
	}
	if len(units) == 0 {
		return nil, fmt.Errorf("cmaf: %w: no OBU", chunk.ErrFormat)
	}
	return units, nil
}

// packOBUs is the reverse of obus: temporal delimiters are left out, sizes put in.
func packOBUs(units [][]byte) []byte {
	var b []byte
	for _, u := range units {
		if len(u) == 0 || av1.OBUType(u[0]>>3&15) == av1.OBUTypeTemporalDelimiter {
			continue
		}
		head := 1
		if u[0]&obuHasExtension != 0 {
			head = 2
		}
		if u[0]&obuHasSize != 0 || len(u) < head {
			b = append(b, u...)
			continue
		}
		b = append(b, u[0]|obuHasSize)
		b = append(b, u[1:head]...)
		size := av1.LEB128(len(u) - head)
		var field [8]byte
		b = append(b, field[:size.MarshalTo(field[:])]...)
		b = append(b, u[head:]...)
	}
	return b
}
