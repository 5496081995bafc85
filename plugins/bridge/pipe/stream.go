package pipe

import "net"

// stream is a connection as a Socket uses it: one goroutine reads, one writes, and anybody closes, which makes both return.
type stream interface {
	// read waits until there is something, and reads it. Errors: io.EOF; net.ErrClosed.
	read(into []byte) (int, error)
	// try writes what the connection takes at once, and takes it off parts. It takes nothing where the platform cannot tell.
	try(parts *net.Buffers) error
	// write writes all of parts, and waits for as long as that takes.
	write(parts *net.Buffers) error
	close()
}

// plain is a stream through Go's own connection.
type plain struct{ net.Conn }

func (p plain) read(into []byte) (int, error)  { return p.Read(into) }
func (p plain) try(*net.Buffers) error         { return nil }
func (p plain) write(parts *net.Buffers) error { _, err := parts.WriteTo(p.Conn); return err }
func (p plain) close()                         { p.Close() }

// skip takes n bytes that were written off parts.
func skip(parts *net.Buffers, n int) {
	rest := *parts
	for len(rest) > 0 && n >= len(rest[0]) {
		n -= len(rest[0])
		rest = rest[1:]
	}
	if n > 0 {
		rest[0] = rest[0][n:]
	}
	*parts = rest
}
