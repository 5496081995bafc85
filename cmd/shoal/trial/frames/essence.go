package frames

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// essence reduces the units of one track to what packaging must not change; see the package comment. It belongs to one
// goroutine.
type essence struct {
	sets  [3][]byte // newest VPS, SPS and PPS
	class func(nal []byte) class
	least int // bytes of a NAL unit's header
	codec codecs.Codec
}

// class is what a NAL unit is.
type class uint8

const (
	carried class = iota // neither picture nor parameters, such as SEI
	idle                 // delimiters and filler
	slice                // part of a picture
	access               // part of a picture at which decoding can begin
	vps                  // parameter sets, in the order of essence.sets
	sps
	pps
)

// newEssence is for a track as its description has it. Parameter sets may be missing there.
func newEssence(params codecs.Codec) *essence {
	e := &essence{codec: params}
	switch p := params.(type) {
	case *codecs.H264:
		e.sets, e.class, e.least = [3][]byte{nil, p.SPS, p.PPS}, classH264, 1
	case *codecs.H265:
		e.sets, e.class, e.least = [3][]byte{p.VPS, p.SPS, p.PPS}, classH265, 2
	}
	return e
}

// frame is size and hash of one frame; false when there is none in units.
func (e *essence) frame(units [][]byte) (size uint32, hash uint64, ok bool) {
	switch e.codec.(type) {
	case *codecs.H264, *codecs.H265:
		units = e.nalus(units)
	case *codecs.AV1:
		units = obus(units)
	default:
		if len(units) > 0 && len(units[0]) == 0 {
			return 0, 0, false
		}
	}
	if len(units) == 0 {
		return 0, 0, false
	}
	h := fnv.New64a() // the same in every process; no flip of a byte goes unseen
	for _, u := range units {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(u)))
		_, _ = h.Write(length[:]) // a hash takes everything
		_, _ = h.Write(u)
		size += uint32(len(u))
	}
	return size, h.Sum64(), true
}

// nalus is the picture in units, nil when there is none.
func (e *essence) nalus(units [][]byte) [][]byte {
	var kept [][]byte
	var has [3]bool
	shown, begins := false, false
	for _, n := range units {
		if len(n) < e.least {
			continue
		}
		c := e.class(n)
		switch c {
		case idle:
			continue
		case vps, sps, pps:
			has[c-vps] = true
			if !bytes.Equal(e.sets[c-vps], n) {
				e.sets[c-vps] = bytes.Clone(n)
			}
		case access:
			shown, begins = true, true
		case slice:
			shown = true
		case carried:
		}
		kept = append(kept, n)
	}
	if !shown {
		return nil
	}
	if begins {
		var front [][]byte
		for i, s := range e.sets {
			if !has[i] && s != nil {
				front = append(front, s)
			}
		}
		kept = append(front, kept...)
	}
	return kept
}

// classH264 is by table 7-1 of H.264.
func classH264(nal []byte) class {
	switch t := nal[0] & 0x1f; {
	case t == 5:
		return access
	case t >= 1 && t <= 4:
		return slice
	case t == 7:
		return sps
	case t == 8:
		return pps
	case t >= 9 && t <= 12:
		return idle
	}
	return carried
}

// classH265 is by table 7-1 of H.265.
func classH265(nal []byte) class {
	switch t := nal[0] >> 1 & 0x3f; {
	case t >= 16 && t <= 21:
		return access
	case t < 32:
		return slice
	case t <= 34:
		return vps + class(t-32)
	case t <= 38:
		return idle
	}
	return carried
}

// obus is the temporal unit in units, without size fields, nil when there is no picture in it.
func obus(units [][]byte) [][]byte {
	var kept [][]byte
	shown := false
	for _, u := range units {
		if len(u) < 2 {
			continue
		}
		switch u[0] >> 3 & 15 {
		case 2, 15: // temporal delimiter, padding
			continue
		case 3, 6: // frame header, frame
			shown = true
		}
		kept = append(kept, sizeless(u))
	}
	if !shown {
		return nil
	}
	return kept
}

// sizeless is an OBU without its size field (AV1 specification, 5.3.2). One that cannot be read stays as it is.
func sizeless(u []byte) []byte {
	head := 1 + int(u[0]>>2&1) // the second byte is the extension's
	if u[0]&2 == 0 || len(u) < head {
		return u
	}
	var size av1.LEB128
	n, err := size.Unmarshal(u[head:])
	if err != nil {
		return u
	}
	out := bytes.Clone(u[:head])
	out[0] &^= 2
	return append(out, u[head+n:]...)
}
