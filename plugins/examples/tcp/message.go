package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// kind tells messages apart. The package doc has the layout.
type kind uint8

const (
	kindHello kind = 1
	kindPart  kind = 2
	kindEnd   kind = 3
	kindChunk kind = 4
	kindPing  kind = 5
	kindPong  kind = 6
	kindBye   kind = 7
)

const (
	messageHeader = 3       // bytes
	maxBody       = 4 << 10 // bytes
	tokenSize     = 8       // bytes of a ping

	helloVersion = 1
	maxHello     = 512 // bytes
)

// appendMessage writes a message. The body must keep to maxBody.
func appendMessage(b []byte, k kind, body []byte) []byte {
	b = append(b, byte(k))
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return append(b, body...)
}

// bodySize is how long the body behind a header is.
func bodySize(header []byte) int { return int(binary.BigEndian.Uint16(header[1:])) }

// readMessage reads a message into memory of its own. Errors: ErrProtocol, and those of the reader.
func readMessage(r *bufio.Reader, most int) (kind, []byte, error) {
	var header [messageHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, nil, err
	}
	n := bodySize(header[:])
	if n > most {
		return 0, nil, fmt.Errorf("%w: a message of %d bytes, the limit is %d", ErrProtocol, n, most)
	}
	body := make([]byte, n)
	_, err := io.ReadFull(r, body)
	return kind(header[0]), body, err
}

// buffered tells whether the next message has arrived whole.
func buffered(r *bufio.Reader) bool {
	if r.Buffered() < messageHeader {
		return false
	}
	header, err := r.Peek(messageHeader)
	return err == nil && r.Buffered() >= messageHeader+bodySize(header)
}

// appendHello tells the other end where it is seen.
func appendHello(b []byte, observed string) []byte {
	return appendMessage(b, kindHello, append([]byte{helloVersion, byte(len(observed))}, observed...))
}

// parseHello answers what the other end sees. Errors: ErrProtocol.
func parseHello(k kind, body []byte) (observed string, err error) {
	switch {
	case k != kindHello:
		return "", fmt.Errorf("%w: message %d instead of a hello", ErrProtocol, k)
	case len(body) < 2 || int(body[1]) > len(body)-2:
		return "", fmt.Errorf("%w: a hello that is cut short", ErrProtocol)
	case body[0] != helloVersion:
		return "", fmt.Errorf("%w: hello of version %d, this is %d", ErrProtocol, body[0], helloVersion)
	}
	return string(body[2 : 2+int(body[1])]), nil
}
