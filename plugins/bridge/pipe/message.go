package pipe

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Message is one message to send, in two parts that arrive as one.
type Message struct {
	Head []byte // never changed again by the sender
	Body []byte // referenced until it is sent, never changed by either side; nil for none
}

// Len is the number of bytes that arrive.
func (m *Message) Len() int { return len(m.Head) + len(m.Body) }

// Conn carries messages in order. Send and Receive are for one goroutine each; Close is for any, and makes both
// return.
type Conn interface {
	// Send writes all messages, and waits for as long as that takes.
	Send(batch []Message) error
	// Receive waits for a message, and appends it and those that are there already to dst. The caller owns
	// them. Errors: io.EOF after the last message; ErrLength.
	Receive(dst [][]byte) ([][]byte, error)
	// Close ends the connection at once. What has not left by then is lost.
	Close()
}

var (
	// ErrLength means that the other end announced a message of a length that cannot be: it is broken or hostile.
	ErrLength = errors.New("message length out of bounds")
	// ErrClosed means that this end of the pipe was closed.
	ErrClosed = errors.New("pipe closed")
	// ErrStalled means that the other end has not read for so long that more than PostLimit bytes wait.
	ErrStalled = errors.New("the other end does not read")
	// ErrToken means that a data channel's token or process was not the one expected.
	ErrToken = errors.New("not the expected process")
)

// prefix is the number of bytes in front of a message.
const prefix = 4

// Append appends the layout of one message to dst.
func Append(dst []byte, m Message) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(m.Len()))
	dst = append(dst, m.Head...)
	return append(dst, m.Body...)
}

// Parse splits the first message off src. While src holds only a part of it, body is nil, and need is the number of
// bytes that src must hold before it makes sense to ask again. body and rest alias src. Errors: ErrLength.
func Parse(src []byte, limit int) (body, rest []byte, need int, err error) {
	if len(src) < prefix {
		return nil, src, prefix, nil
	}
	n := binary.BigEndian.Uint32(src)
	if n == 0 || uint64(n) > uint64(limit) {
		return nil, src, 0, fmt.Errorf("%w: %d bytes, 1..%d allowed", ErrLength, n, limit)
	}
	end := prefix + int(n)
	if len(src) < end {
		return nil, src, end, nil
	}
	return src[prefix:end:end], src[end:], 0, nil
}
