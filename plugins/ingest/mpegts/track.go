package mpegts

import "bytes"

// track is the state of one PID that is carried.
type track struct {
	stream
	seen      bool   // a packet has come
	last      packet // the newest
	inUnit    bool   // a unit is under way
	size      int    // of it, in bytes
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
	if p.starts() {
		k.inUnit, k.size = true, 0
	}
	if !k.inUnit {
		return nil
	}
	if k.size += len(payload); k.size > k.maxUnit() {
		k.drop()
		return nil
	}
	return k.repack(p)
}

// drop leaves out the unit that is under way.
func (k *track) drop() { k.lost, k.inUnit, k.gap = true, false, true }

// repack puts a payload into packets for the demuxer. That one finds out whether a unit is complete by copying all that it
// has of it, at every packet, but for a unit whose first packet is too short to tell what it is. A picture that does not name
// its length (bytes 4 and 5) is therefore cut there: see BenchmarkBigUnit.
func (k *track) repack(p *packet) []*packet {
	payload := p.payload()
	switch {
	case !p.starts():
		return []*packet{k.number(k.pid, payload)}
	case len(payload) < 6 || payload[4] != 0 || payload[5] != 0:
		return []*packet{k.number(k.pid|unitStart, payload)}
	}
	return []*packet{k.number(k.pid|unitStart, payload[:2]), k.number(k.pid, payload[2:])}
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
	if !p.starts() || p.scrambled() || len(b) < 9 || len(b) < 9+int(b[8])+4 {
		return false
	}
	frame := b[9+int(b[8]):]
	if frame[0] != 0xff || frame[1]&0xf6 != 0xf0 {
		return false
	}
	header := [2]byte{frame[2] &^ 0x02, frame[3] & 0xc0}
	before := k.header
	k.header = header
	return before != [2]byte{} && before != header
}
