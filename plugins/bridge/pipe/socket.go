package pipe

import (
	"encoding/binary"
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
	conn  net.Conn
	limit int
	heads []byte      // what is copied for one write
	parts net.Buffers // of one write
	in    []byte      // the buffer that is being filled
	from  int         // start of what is not handed over yet, in in
}

// NewSocket is a Conn over c, with messages of at most limit bytes. It owns c.
func NewSocket(c net.Conn, limit int) *Socket {
	return &Socket{conn: c, limit: limit, heads: make([]byte, 0, 16<<10)}
}

// Close ends the connection at once.
func (s *Socket) Close() error { return s.conn.Close() }

// Send writes all messages by as few system calls as it takes.
func (s *Socket) Send(batch []Message) error {
	for len(batch) > 0 {
		n := s.gather(batch)
		batch = batch[n:]
		if _, err := s.parts.WriteTo(s.conn); err != nil {
			return err
		}
	}
	return nil
}

// gather lays out the first messages of batch in parts, and tells how many.
func (s *Socket) gather(batch []Message) int {
	s.heads, s.parts = s.heads[:0], s.parts[:0]
	total, start := 0, 0
	// A part of heads is given to the kernel once it is followed by a body. heads never moves while parts refer to it:
	// it is grown only when empty.
	size := 0
	count := 0
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
		n, err := s.conn.Read(s.in[len(s.in):cap(s.in)])
		s.in = s.in[:len(s.in)+n]
		if n == 0 && err != nil {
			if err == io.EOF && len(rest) > 0 {
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
