package main

import (
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// batch is how many frames are handed to the sink at once, at most.
const batch = 32

// write hands what waits to the connection, until the last of it or until the connection breaks, which the reader sees.
func (l *link) write() {
	var buffer []byte
	for {
		next := l.out.next(buffer[:0])
		if len(next.messages) > 0 {
			if _, err := l.tls.Write(next.messages); err != nil {
				_ = l.wire.SetReadDeadline(time.Now().Add(linger)) // a bye may have arrived before it broke
				return
			}
		}
		if next.last {
			_ = l.wire.CloseWrite() // else it is closed already
			return
		}
		_ = l.wire.drain() // what is wrong shows at the next write
		if next.frames > 0 && l.out.left(next.frames, next.bytes) {
			l.report(transport.Writable{Links: []transport.LinkID{l.id}})
		}
		if buffer = next.messages; cap(buffer) > mostQueued {
			buffer = nil
		}
	}
}

// read hands what arrives to the sink, several frames at once where they are there, until the connection ends. Errors:
// ErrPeerClosed, ErrProtocol, and those of the connection.
func (l *link) read() error {
	frames := make([]transport.Received, 0, batch)
	for {
		k, body, err := readMessage(l.reader, maxBody)
		if err == nil {
			frames, err = l.take(frames, k, body)
		}
		if len(frames) > 0 && (err != nil || len(frames) == batch || !buffered(l.reader)) {
			l.e.sink.Received(frames)
			clear(frames)
			frames = frames[:0]
		}
		if err != nil {
			return err
		}
	}
}

// take does what one message asks for, and appends the frame that it completes.
func (l *link) take(frames []transport.Received, k kind, body []byte) ([]transport.Received, error) {
	switch k {
	case kindChunk:
		if len(body) > maxChunk {
			return frames, nil
		}
		return append(frames, transport.Received{Link: l.id, Channel: transport.Chunk, Data: body}), nil
	case kindPart, kindEnd:
		frame, whole, err := l.joiner.add(k, body)
		if whole {
			frames = append(frames, transport.Received{Link: l.id, Channel: transport.Control, Data: frame})
		}
		return frames, err
	case kindPing, kindPong:
		if len(body) != tokenSize {
			return frames, fmt.Errorf("%w: a ping of %d bytes", ErrProtocol, len(body))
		}
		if k == kindPing {
			l.out.ping(kindPong, body)
		} else {
			l.pulse.answered(body, time.Now())
		}
	case kindBye:
		return frames, fmt.Errorf("%w: %s", transport.ErrPeerClosed, clean(string(body)))
	case kindHello: // once is enough
	}
	return frames, nil
}
