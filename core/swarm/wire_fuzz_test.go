package swarm

import (
	"bytes"
	"errors"
	"testing"

	"github.com/shoal-live/shoal/core/chunk"
)

// FuzzParse holds the wire form to its law: what parses is written again byte for byte, but for an extension, and
// what does not parse has one of three errors.
func FuzzParse(f *testing.F) {
	for _, m := range samples() {
		f.Add(Append(nil, 1, m))
		f.Add(append(Append(nil, 1<<40, m), "extension"...))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		index, rest, err := SplitIndex(frame)
		if err != nil {
			if !errors.Is(err, chunk.ErrFormat) {
				t.Fatalf("SplitIndex: %v", err)
			}
			return
		}
		m, err := Parse(rest)
		if err != nil {
			if !errors.Is(err, chunk.ErrFormat) && !errors.Is(err, chunk.ErrLimit) && !errors.Is(err, ErrUnknownType) {
				t.Fatalf("Parse: %v", err)
			}
			return
		}
		again := Append(nil, index, m)
		if !bytes.HasPrefix(frame, again) {
			t.Fatalf("%v: read %x, wrote %x", m.Type(), frame, again)
		}
		if id, ok := PeekHello(rest); ok != (m.Type() == TypeHello) || ok && id != m.(*Hello).Stream {
			t.Fatalf("PeekHello: %v, %v", id, ok)
		}
		if c, ok := m.(*ChunkFrame); ok {
			header := ChunkHeader(index, &c.Chunk, c.Chunk.Proof)
			if c.Stamped {
				header += StampSize
			}
			if header+len(c.Chunk.Proof)+len(c.Chunk.Payload) != len(again) {
				t.Fatalf("ChunkHeader %d, frame %d", header, len(again))
			}
		}
	})
}
