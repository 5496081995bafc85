package mpegts

import "encoding/binary"

// maxSection is the largest section, ISO 13818-1, 2.4.4: the length has 12 bits.
const maxSection = 3 + 4095

// sections puts the tables of one PID together. It holds at most one section and one packet.
type sections struct {
	buf []byte
	on  bool // buf begins where a section does
}

// add takes the payload of one packet and calls each with every section that it completes and whose checksum is
// right. It aliases the buffer.
func (s *sections) add(p *packet, each func(section []byte)) {
	payload := p.payload()
	if p.starts() {
		if len(payload) == 0 || 1+int(payload[0]) > len(payload) {
			s.on = false
			return
		}
		pointer := 1 + int(payload[0])
		if s.on {
			s.buf = append(s.buf, payload[1:pointer]...)
			s.drain(each)
		}
		s.buf, s.on = s.buf[:0], true
		payload = payload[pointer:]
	}
	if s.on {
		s.buf = append(s.buf, payload...)
		s.drain(each)
	}
}

func (s *sections) drain(each func([]byte)) {
	done := 0
	for rest := s.buf; len(rest) >= 3 && rest[0] != 0xff; rest = s.buf[done:] { // 0xff is stuffing
		n := 3 + int(binary.BigEndian.Uint16(rest[1:])&0x0fff)
		if len(rest) < n {
			break
		}
		if n >= 12 && crc(rest[:n]) == 0 {
			each(rest[:n])
		}
		done += n
	}
	s.buf = append(s.buf[:0], s.buf[done:]...)
	if len(s.buf) > 0 && s.buf[0] == 0xff || len(s.buf) > maxSection {
		s.buf, s.on = s.buf[:0], false
	}
}

// crc is the checksum of annex A. Over a section with its checksum it is 0.
func crc(b []byte) uint32 {
	sum := ^uint32(0)
	for _, v := range b {
		sum ^= uint32(v) << 24
		for range 8 {
			if sum&(1<<31) != 0 {
				sum = sum<<1 ^ 0x04c11db7
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

// table is a section of the table id with what its body says, in packets of pid.
func table(pid uint16, id byte, number uint16, body []byte) []*packet {
	s := []byte{0, id, 0, 0} // the pointer to where it begins comes first
	s = binary.BigEndian.AppendUint16(s, number)
	s = append(append(s, 0xc1, 0, 0), body...)               // version 0, in force, section 0 of 0
	binary.BigEndian.PutUint16(s[2:], 0xb000|uint16(len(s))) // what follows the length: the pointer is not in it, the checksum is
	s = binary.BigEndian.AppendUint32(s, crc(s[1:]))
	var out []*packet
	for head := pid | unitStart; len(s) > 0; head = pid {
		n := min(len(s), maxPayload)
		out = append(out, pack(head, uint8(len(out)), s[:n]))
		s = s[n:]
	}
	return out
}
