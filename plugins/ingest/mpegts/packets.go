package mpegts

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Layout of a transport packet, ISO 13818-1, 2.4.3:
//
//	0x47 | error start priority PID(13) | scrambling(2) adaptation payload counter(4) | [length flags ...] | payload
const (
	packetSize = 188
	maxPayload = packetSize - 4
	syncByte   = 0x47
	unitStart  = 0x4000 // beside the PID
)

// packet is one transport packet.
type packet [packetSize]byte

func (p *packet) damaged() bool   { return p[1]&0x80 != 0 } // the receiver of a broadcast says so
func (p *packet) starts() bool    { return p[1]&0x40 != 0 } // a unit or a table begins in the payload
func (p *packet) pid() uint16     { return binary.BigEndian.Uint16(p[1:]) & 0x1fff }
func (p *packet) scrambled() bool { return p[3]&0xc0 != 0 }
func (p *packet) counter() uint8  { return p[3] & 0x0f }

// jumps tells that the sender announces a break in the counter or in time.
func (p *packet) jumps() bool { return p[3]&0x20 != 0 && p[4] > 0 && p[5]&0x80 != 0 }

// payload aliases p; nil when there is none.
func (p *packet) payload() []byte {
	from := 4
	if p[3]&0x20 != 0 {
		from += 1 + int(p[4])
	}
	if p[3]&0x10 == 0 || from >= packetSize {
		return nil
	}
	return p[from:]
}

// pack is a new packet around payload, at most maxPayload bytes. head is the PID and perhaps unitStart.
func pack(head uint16, counter uint8, payload []byte) *packet {
	p := &packet{0: syncByte, 3: 0x10 | counter&0x0f}
	binary.BigEndian.PutUint16(p[1:], head)
	if stuffing := maxPayload - len(payload); stuffing > 0 {
		p[3] |= 0x20
		p[4] = byte(stuffing - 1)
		for i := 6; i < 4+stuffing; i++ {
			p[i] = 0xff
		}
	}
	copy(p[packetSize-len(payload):], payload)
	return p
}

// framer takes transport packets off a reader, whatever pieces it reads in, and skips what is none.
type framer struct {
	src    io.Reader
	buf    []byte // has room for one whole datagram behind what is left over
	ready  []byte // part of buf
	read   uint64 // bytes of packets handed out
	junk   uint64 // bytes skipped
	locked bool   // the last packet was where the one before ended
}

// maxRead is the largest datagram.
const maxRead = 64 << 10

func newFramer(src io.Reader) *framer {
	return &framer{src: src, buf: make([]byte, maxRead+2*packetSize)}
}

// next is the next packet. ok is false where what has been read holds none: then it has read more. Errors are the reader's.
func (f *framer) next() (p packet, ok bool, err error) {
	if f.align() {
		p = packet(f.ready)
		f.ready = f.ready[packetSize:]
		f.read += packetSize
		return p, true, nil
	}
	n := copy(f.buf, f.ready)
	f.ready = f.buf[:n]
	more, err := f.src.Read(f.buf[n : n+maxRead])
	f.ready = f.buf[:n+more]
	if more > 0 {
		err = nil // it comes again
	}
	return p, false, err
}

// align skips to where a packet begins, and tells that a whole one is there. Once out of step, it wants the next
// packet's sync byte too, as far as that has been read: 0x47 is in a payload as well.
func (f *framer) align() bool {
	for {
		i := bytes.IndexByte(f.ready, syncByte)
		if i != 0 {
			f.locked = false
			if i < 0 {
				i = len(f.ready)
			}
			f.skip(i)
		}
		if len(f.ready) < packetSize {
			return false
		}
		if f.locked || len(f.ready) == packetSize || f.ready[packetSize] == syncByte {
			f.locked = true
			return true
		}
		f.skip(1)
	}
}

func (f *framer) skip(n int) {
	f.ready = f.ready[n:]
	f.junk += uint64(n)
}
