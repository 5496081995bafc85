package rendezvous

import (
	"errors"
	"fmt"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
)

// errReplaced means that another process has joined with the same key.
var errReplaced = errors.New("replaced: another process joined with this node's key")

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", node.ErrRefused, fmt.Sprintf(format, args...))
}

func unknownStream(format string, args ...any) error {
	return fmt.Errorf("%w: %s", node.ErrUnknownStream, fmt.Sprintf(format, args...))
}

// codes is how errors cross the wire.
var codes = [...]struct {
	code string
	err  error
}{
	{codeUnknownStream, node.ErrUnknownStream},
	{codeRefused, node.ErrRefused},
	{codeLimit, chunk.ErrLimit},
	{codeReplaced, errReplaced},
	{codeMalformed, ErrProtocol},
}

// codeOf is the code by which an error crosses the wire.
func codeOf(err error) string {
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return codeMalformed
}

// errorOf is the error that an error message stands for.
func errorOf(m *message) error {
	for _, c := range codes {
		if c.code == m.Code {
			return fmt.Errorf("%w (the server says: %.500s)", c.err, m.Text)
		}
	}
	return fmt.Errorf("%w: %q (the server says: %.500s)", ErrProtocol, m.Code, m.Text)
}
