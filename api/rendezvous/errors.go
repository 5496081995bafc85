package rendezvous

import (
	"errors"
	"fmt"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
)

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", node.ErrRefused, fmt.Sprintf(format, args...))
}

func unknownStream(name string) error {
	return fmt.Errorf("%w: nobody publishes %q here", node.ErrUnknownStream, name)
}

// codeOf is the code by which an error crosses the wire.
func codeOf(err error) string {
	switch {
	case errors.Is(err, node.ErrUnknownStream):
		return codeUnknownStream
	case errors.Is(err, node.ErrRefused):
		return codeRefused
	case errors.Is(err, chunk.ErrLimit):
		return codeLimit
	}
	return codeMalformed
}

// errorOf is the error that a code stands for.
func errorOf(m *message) error {
	kind := ErrProtocol
	switch m.Code {
	case codeUnknownStream:
		kind = node.ErrUnknownStream
	case codeRefused:
		kind = node.ErrRefused
	case codeLimit:
		kind = chunk.ErrLimit
	}
	return fmt.Errorf("%w (the server says: %s)", kind, m.Text)
}
