package swarm

import (
	"errors"
	"testing"

	"github.com/shoal-live/shoal/core/chunk"
)

func TestPaddingIsAsLongAsAskedForAndKeepsItsStamp(t *testing.T) {
	for _, index := range []uint64{0, 1, 127, 128, 16_383, 16_384, 1<<64 - 1} {
		for _, length := range []int{LeastPadding + size(index) - 1, 20, 600, 1090, 5000} {
			for _, stamp := range []uint16{0, 513, 1<<16 - 1} {
				frame := AppendPadding([]byte("before"), index, length, stamp)
				if string(frame[:6]) != "before" || len(frame) != 6+length {
					t.Fatalf("index %d: %d bytes behind %q, want %d", index, len(frame)-6, frame[:6], length)
				}
				got, rest, err := SplitIndex(frame[6:])
				if err != nil || got != index {
					t.Fatalf("index %d: %d, %v", index, got, err)
				}
				if at, ok := ParsePadding(rest); !ok || at != stamp {
					t.Errorf("index %d, %d bytes: stamp %d, %v; want %d", index, length, at, ok, stamp)
				}
			}
		}
	}
}

func TestPaddingIsNoMessage(t *testing.T) {
	_, rest, err := SplitIndex(AppendPadding(nil, 1, 1090, 513))
	if err != nil {
		t.Fatal(err)
	}
	if err := ParseChunk(rest, new(ChunkFrame)); !errors.Is(err, chunk.ErrFormat) {
		t.Errorf("read as a chunk: %v", err)
	}
	if m, err := Parse(rest); !errors.Is(err, ErrUnknownType) || m != nil {
		t.Errorf("read as a message: %+v, %v", m, err)
	}
}

func TestNothingElseIsPadding(t *testing.T) {
	for _, m := range samples() {
		if _, ok := ParsePadding(AppendStamp(Append(nil, 1, m)[1:], 513)); ok {
			t.Errorf("%v is taken for padding", m.Type())
		}
	}
	_, rest, err := SplitIndex(AppendPadding(nil, 1, LeastPadding, 513))
	if err != nil {
		t.Fatal(err)
	}
	for n := range rest {
		if _, ok := ParsePadding(rest[:n:n]); ok {
			t.Errorf("%d of %d bytes are taken for padding", n, len(rest))
		}
	}
}
