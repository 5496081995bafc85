package pipe

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
)

const (
	readBuffer = 128 << 10 // bytes of a buffer that messages are handed over in
	readLeast  = 16 << 10  // room for a read worth its system call
	copyBelow  = 2 << 10   // a body shorter than this is copied rather than given to the kernel by itself
	writeMost  = 1 << 20   // bytes of one write
	partsMost  = 512       // parts of one write
	headerMost = 256 << 10 // bytes that are copied for one write
)

// Socket is a Conn over a stream connection.
type Socket struct {
	conn  stream
	limit int
	heads []byte      // what is copied for one write
	parts [][]byte    // of one write
	rest  net.Buffers // of parts: what is not written yet
	in    []byte      // the buffer that is being filled
	from  int         // start of what is not handed over yet, in in
}

// NewSocket is a Conn over c, with messages of at most limit bytes. It owns c.
func NewSocket(c net.Conn, limit int) *Socket {
	return &Socket{conn: streamOf(c), limit: limit, heads: make([]byte, 0, 16<<10)}
}

// Close ends the connection at once.
func (s *Socket) Close() { s.conn.close() }

// Send writes what TrySend has left, and then all messages, by as few system calls as it takes.
func (s *Socket) Send(batch []Message) error {
	for {
		if len(s.rest) > 0 {
			if err := s.conn.write(&s.rest); err != nil {
				return err
			}
		}
		clear(s.parts)
		if len(batch) == 0 {
			return nil
		}
		batch = batch[s.gather(batch):]
	}
}

// TrySend writes the first messages of batch without waiting, and tells how many it has taken. left says that a part of them is
// not written yet: Send goes on with that. It is for the goroutine that may call Send.
func (s *Socket) TrySend(batch []Message) (taken int, left bool, err error) {
	if len(s.rest) > 0 {
		return 0, true, nil
	}
	taken = s.gather(batch)
	if err := s.conn.try(&s.rest); err != nil {
		return taken, false, err
	}
	if len(s.rest) == 0 {
		clear(s.parts)
	}
	return taken, len(s.rest) > 0, nil
}

// gather lays out the first messages of batch in rest, and tells how many.
func (s *Socket) gather(batch []Message) int {
	// heads never moves while parts refer to it, so it is made large enough first.
	size, total, count := 0, 0, 0
	for i := range batch {
		m := &batch[i]
		own := prefix + len(m.Head)
		if len(m.Body) < copyBelow {
			own += len(m.Body)
		}
		if count > 0 && (size+own > headerMost || total+m.Len() > writeMost || 2*count >= partsMost) {
			break
		}
		size += own
		total += m.Len()
		count++
	}
	if cap(s.heads) < size {
		s.heads = make([]byte, 0, size)
	}
	s.heads, s.parts = s.heads[:0], s.parts[:0]
	start := 0
	for i := range batch[:count] {
		m := &batch[i]
		s.heads = binary.BigEndian.AppendUint32(s.heads, uint32(m.Len()))
		s.heads = append(s.heads, m.Head...)
		if len(m.Body) < copyBelow {
			s.heads = append(s.heads, m.Body...)
			continue
		}
		s.parts = append(s.parts, s.heads[start:len(s.heads):len(s.heads)], m.Body)
		start = len(s.heads)
	}
	if start < len(s.heads) {
		s.parts = append(s.parts, s.heads[start:])
	}
	s.rest = s.parts
	return count
}

// Receive hands over what one read brought.
func (s *Socket) Receive(dst [][]byte) ([][]byte, error) {
	had := len(dst)
	for {
		rest := s.in[s.from:]
		need := prefix
		for {
			body, after, want, err := Parse(rest, s.limit)
			if err != nil {
				return dst, err
			}
			if body == nil {
				need = want
				break
			}
			dst = append(dst, body)
			rest = after
		}
		s.from = len(s.in) - len(rest)
		if len(dst) > had {
			return dst, nil
		}
		s.makeRoom(need)
		n, err := s.conn.read(s.in[len(s.in):cap(s.in)])
		s.in = s.in[:len(s.in)+n]
		if n == 0 && err != nil {
			if errors.Is(err, io.EOF) && len(rest) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return dst, err
		}
	}
}

// makeRoom sees to it that a message of need bytes, whose beginning is at from, fits. A buffer that messages were
// handed over from is theirs, and is left alone.
func (s *Socket) makeRoom(need int) {
	free := cap(s.in) - len(s.in)
	if cap(s.in)-s.from >= need && (free >= readLeast || need > prefix && free > 0) {
		return
	}
	rest := s.in[s.from:]
	s.in = make([]byte, len(rest), max(readBuffer, need))
	copy(s.in, rest)
	s.from = 0
}
