package quic

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/quic-go/quic-go"
)

const (
	helloVersion = 1
	helloFixed   = 6   // bytes of version, chunks and tag
	maxHello     = 512 // bytes
	maxObserved  = 64  // bytes of "[ipv6%zone]:port"
)

// hello is the first frame of each end on the control stream. The package doc has its layout.
type hello struct {
	chunks   chunkMode // how the sender sends chunk frames
	tag      uint32    // of sealed packets to the sender
	observed string    // the receiver's "host:port", as the sender sees it
}

// encodeHello is the body, without its length.
func encodeHello(h hello) []byte {
	b := []byte{helloVersion, byte(h.chunks)}
	b = binary.BigEndian.AppendUint32(b, h.tag)
	b = binary.AppendUvarint(b, uint64(len(h.observed)))
	return append(b, h.observed...)
}

// parseHello reads what encodeHello writes, and whatever a later version puts behind it. Errors: ErrProtocol.
func parseHello(b []byte) (hello, error) {
	var h hello
	if len(b) < helloFixed {
		return h, fmt.Errorf("%w: hello of %d bytes", ErrProtocol, len(b))
	}
	if b[0] != helloVersion {
		return h, fmt.Errorf("%w: hello of version %d, this is %d", ErrProtocol, b[0], helloVersion)
	}
	h.chunks = chunkMode(b[1])
	if h.chunks < asDatagrams || h.chunks > asPackets {
		return h, fmt.Errorf("%w: hello with chunk mode %d", ErrProtocol, b[1])
	}
	h.tag = binary.BigEndian.Uint32(b[2:])
	n, used := binary.Uvarint(b[helloFixed:])
	rest := b[min(len(b), helloFixed+max(used, 0)):]
	if used <= 0 || n > maxObserved || n > uint64(len(rest)) {
		return h, fmt.Errorf("%w: hello is cut short, or its address too long", ErrProtocol)
	}
	h.observed = string(rest[:n])
	return h, nil
}

// exchange says hello on the control stream and hears the other end's, by the deadline of ctx.
func exchange(ctx context.Context, conn *quic.Conn, stream *quic.Stream, mine hello) (hello, *bufio.Reader, error) {
	deadline, _ := ctx.Deadline()
	if err := stream.SetDeadline(deadline); err != nil {
		return hello{}, nil, err
	}
	if mine.observed = hostPort(conn.RemoteAddr()); len(mine.observed) > maxObserved {
		mine.observed = ""
	}
	body := encodeHello(mine)
	if _, err := stream.Write(append(binary.AppendUvarint(nil, uint64(len(body))), body...)); err != nil {
		return hello{}, nil, err
	}
	r := bufio.NewReaderSize(stream, readBuffer)
	body, err := readFrame(r, maxHello)
	if err != nil {
		return hello{}, nil, err
	}
	h, err := parseHello(body)
	if err != nil {
		return hello{}, nil, err
	}
	return h, r, stream.SetDeadline(time.Time{})
}

// readBuffer is what a stream is read by, in bytes. Large frames bypass it.
const readBuffer = 512

// firstAlloc is as much as a length alone makes us allocate, in bytes; the rest follows what has arrived.
const firstAlloc = 4096

// readFrame reads a varint length of at most most, and that many bytes. Errors: ErrProtocol, and those of the stream.
func readFrame(r *bufio.Reader, most uint64) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, fmt.Errorf("%w: a frame of %d bytes, the limit is %d", ErrProtocol, n, most)
	}
	frame := make([]byte, min(n, firstAlloc))
	for have := 0; ; {
		if _, err := io.ReadFull(r, frame[have:]); err != nil {
			return nil, err
		}
		have = len(frame)
		if uint64(have) == n {
			return frame, nil
		}
		frame = append(frame, make([]byte, min(n-uint64(have), uint64(have)))...)
	}
}
