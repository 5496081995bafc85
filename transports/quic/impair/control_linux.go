package impair

import (
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// splitControl takes the size of segments out of out-of-band data, in bytes; 0 where there is none.
// Errors: EINVAL as sendmsg has it.
func splitControl(oob []byte) (c control, size int, err error) {
	for rest := oob; len(rest) > 0; {
		header, data, after, err := unix.ParseOneSocketControlMessage(rest)
		if err != nil {
			return c, 0, os.NewSyscallError("sendmsg", unix.EINVAL)
		}
		this := rest[:len(rest)-len(after)]
		rest = after
		if header.Level == unix.IPPROTO_UDP && header.Type == unix.UDP_SEGMENT {
			if len(data) < segmentSize {
				return c, 0, os.NewSyscallError("sendmsg", unix.EINVAL)
			}
			size = int(binary.NativeEndian.Uint16(data))
			continue
		}
		if c.length+len(this) > controlRoom {
			return c, 0, fmt.Errorf("impair: more than %d bytes of control messages: %w", controlRoom, unix.EINVAL)
		}
		c.length += copy(c.bytes[c.length:], this)
	}
	return c, size, nil
}

const segmentSize = 2 // bytes of a size of segments

// segmentHeader is the header of a control message that has one.
func segmentHeader() []byte {
	h := unix.Cmsghdr{Level: unix.IPPROTO_UDP, Type: unix.UDP_SEGMENT}
	h.SetLen(unix.CmsgLen(segmentSize))
	b, err := binary.Append(nil, binary.NativeEndian, h)
	if err != nil {
		panic(err) // the kernel's struct has numbers only
	}
	return append(b, make([]byte, unix.CmsgSpace(0)-len(b))...)
}

// appendSegmentSize adds the control message to out-of-band data.
func appendSegmentSize(oob, header []byte, size int) []byte {
	oob = append(oob, header...)
	oob = binary.NativeEndian.AppendUint16(oob, uint16(size))
	return append(oob, make([]byte, unix.CmsgSpace(segmentSize)-len(header)-segmentSize)...)
}
