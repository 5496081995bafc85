package mpegts

import (
	"bytes"
	"encoding/binary"
)

// unitHeader is the least that a unit begins with, in bytes.
const unitHeader = 9

// track is the state of one PID that is carried.
type track struct {
	stream
	seen      bool   // a packet has come
	last      packet // the newest
	inUnit    bool   // a unit is under way
	size      int    // of it so far, in bytes
	most      int    // that it may have
	unbounded bool   // it does not name its length
	lost      bool   // something of the track is missing; taken by who asks
	scrambled bool
	header    [2]byte // of the newest frame of MPEG-4 audio
	counter   uint8   // of the next packet handed out
	gap       bool    // leave a number out before it: the demuxer then drops the unit that it has not yet handed on
}

// pass is p as the demuxer gets it: nothing, where it is a repetition or of a unit that is damaged.
func (k *track) pass(p *packet) []*packet {
	payload := p.payload()
	if len(payload) == 0 {
		return nil
	}
	if k.seen && p.counter() != (k.last.counter()+1)&0x0f {
		if p.counter() == k.last.counter() && bytes.Equal(p[4:], k.last[4:]) {
			return nil
		}
		k.drop()
	}
	k.seen, k.last = true, *p
	if p.scrambled() {
		k.scrambled = true
		k.drop()
		return nil
	}
	head := k.pid
	if p.starts() && k.begin(payload) {
		head |= unitStart
	}
	if !k.inUnit {
		return nil
	}
	if k.size += len(payload); k.size > k.most {
		k.drop()
		return nil
	}
	return k.repack(head, payload)
}

// begin reads the header of a unit, ISO 13818-1, 2.4.3.6: 00 00 01, stream, length(16). 0 is a picture that does not name its
// length. Without a header there is no unit.
func (k *track) begin(payload []byte) bool {
	if len(payload) < unitHeader || !bytes.HasPrefix(payload, []byte{0, 0, 1}) {
		k.drop()
		return false
	}
	k.inUnit, k.size, k.most = true, 0, 6+int(binary.BigEndian.Uint16(payload[4:]))
	if k.unbounded = k.most == 6; k.unbounded {
		k.most = k.maxUnit()
	}
	return true
}

// drop leaves out the unit that is under way.
func (k *track) drop() { k.lost, k.inUnit, k.gap = true, false, true }

// repack puts a payload into packets for the demuxer. To find out whether a unit is complete, that one copies all that it has of
// it at every packet, but for a unit whose first packet is too short to tell what it is. One that does not name its length
// is therefore cut there: a key frame of 1 MB takes 7-23 ms then, and else 1.0-1.5 s (go test -bench BigUnit).
func (k *track) repack(head uint16, payload []byte) []*packet {
	if head != k.pid && k.unbounded {
		return []*packet{k.number(head, payload[:2]), k.number(k.pid, payload[2:])}
	}
	return []*packet{k.number(head, payload)}
}

// number makes the next packet of the track.
func (k *track) number(head uint16, payload []byte) *packet {
	if k.gap {
		k.counter, k.gap = k.counter+1, false
	}
	p := pack(head, k.counter, payload)
	k.counter++
	return p
}

// differs tells that p begins frames of MPEG-4 audio of another profile, rate or number of channels than before. The demuxer
// looks at the first frame only.
func (k *track) differs(p *packet) bool {
	b := p.payload()
	if !p.starts() || p.scrambled() || len(b) < unitHeader || len(b) < unitHeader+int(b[8])+4 {
		return false
	}
	frame := b[unitHeader+int(b[8]):]
	if frame[0] != 0xff || frame[1]&0xf6 != 0xf0 {
		return false
	}
	header := [2]byte{frame[2] &^ 0x02, frame[3] & 0xc0}
	before := k.header
	k.header = header
	return before != [2]byte{} && before != header
}
