package swarm

import (
	"testing"

	"github.com/shoal-live/shoal/core/chunk"
)

func BenchmarkAppendChunk(b *testing.B) {
	c := sampleChunk()
	buf := make([]byte, 0, 2048)
	b.ReportAllocs()
	b.SetBytes(int64(len(c.Payload)))
	for b.Loop() {
		buf = AppendChunk(buf[:0], 1, &c, c.Proof)
	}
}

func BenchmarkParseChunk(b *testing.B) {
	c := sampleChunk()
	frame := AppendChunk(nil, 1, &c, c.Proof)
	var into ChunkFrame
	b.ReportAllocs()
	b.SetBytes(int64(len(c.Payload)))
	for b.Loop() {
		_, rest, err := SplitIndex(frame)
		if err == nil {
			err = ParseChunk(rest, &into)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func liveWindow() chunk.Window {
	var w chunk.Window
	for n := uint64(450_003); n < 450_503; n++ {
		if n < 450_480 || n%3 == 0 {
			w.Add(n)
		}
	}
	return w
}

func BenchmarkAppendHave(b *testing.B) {
	m := &Have{Epoch: 1, Window: liveWindow()}
	buf := make([]byte, 0, 2048)
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], 1, m)
	}
}

func BenchmarkParseHave(b *testing.B) {
	frame := Append(nil, 1, &Have{Epoch: 1, Window: liveWindow()})
	var into Have
	b.ReportAllocs()
	for b.Loop() {
		if err := ParseHave(frame[1:], &into); err != nil {
			b.Fatal(err)
		}
	}
}
