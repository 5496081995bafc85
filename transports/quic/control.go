package quic

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

const (
	writePiece = 16 << 10 // bytes of one Write; what was written counts as waiting no longer
	keepBuffer = 4 << 10  // bytes; a larger buffer is given back once it is empty
)

// outbox holds the control frames that wait for the stream. Its writer lives while there are some.
type outbox struct {
	mu      sync.Mutex
	buffer  []byte // frames with their lengths
	waiting int    // bytes, of buffer and of what the writer has taken
	writing bool
	over    bool
	writer  sync.WaitGroup
}

// sendControl queues one frame. Errors: ErrNoLink, ErrFull.
func (l *link) sendControl(frame []byte) error {
	o := &l.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over || l.conn.Context().Err() != nil {
		return fmt.Errorf("%w: %d", transport.ErrNoLink, l.id)
	}
	if o.waiting > maxWaiting {
		return fmt.Errorf("%w: %d bytes wait for the control channel of link %d", transport.ErrFull, o.waiting, l.id)
	}
	before := len(o.buffer)
	o.buffer = binary.AppendUvarint(o.buffer, uint64(len(frame)))
	o.buffer = append(o.buffer, frame...)
	o.waiting += len(o.buffer) - before
	if !o.writing {
		o.writing = true
		o.writer.Go(l.writeControl)
	}
	return nil
}

// writeControl writes what waits and ends when nothing does, or with the connection.
func (l *link) writeControl() {
	o := &l.out
	var spare []byte
	for {
		o.mu.Lock()
		batch := o.buffer
		if len(batch) == 0 {
			o.writing = false
			if cap(batch) > keepBuffer {
				o.buffer = nil
			}
			o.mu.Unlock()
			return
		}
		o.buffer = spare[:0]
		o.mu.Unlock()
		for rest := batch; len(rest) > 0; {
			n, err := l.control.Write(rest[:min(len(rest), writePiece)])
			if err != nil {
				return // the connection has ended, and the readers see it
			}
			rest = rest[n:]
			o.mu.Lock()
			o.waiting -= n
			o.mu.Unlock()
		}
		if spare = batch; cap(spare) > keepBuffer {
			spare = nil
		}
	}
}

// end waits for the writer; frames are refused from now on.
func (o *outbox) end() {
	o.mu.Lock()
	o.over = true
	o.mu.Unlock()
	o.writer.Wait()
}

// receiveControl reads control frames until the stream ends.
func (l *link) receiveControl() error {
	for {
		frame, err := readFrame(l.reader, swarm.MaxControlFrame)
		if err != nil {
			return err
		}
		l.e.sink.Received([]transport.Received{{Link: l.id, Channel: transport.Control, Data: frame}})
	}
}
