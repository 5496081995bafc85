package sim

import (
	"testing"

	"github.com/shoal-live/shoal/core/chunk"
)

func TestTheStreamHasTheParityThatWasAsked(t *testing.T) {
	m := media{cfg: &Stream{ChunkSize: 1000, Parity: 6}, parity: chunk.NewParityShare(6)}
	data, parity, next := 0, 0, uint64(0)
	for m.groups < 200 {
		g := chunk.Group{GroupHeader: chunk.GroupHeader{Size: 8000, RandomAccess: m.groups%20 == 0}}
		m.groups++
		chunks, err := m.Seal(nil, &g, next)
		if err != nil || g.Restorable() != nil || len(chunks) != g.Total() {
			t.Fatalf("group %d: %d chunks, %v, %v", g.Group, len(chunks), err, g.Restorable())
		}
		if g.RandomAccess && g.Parity != 1 {
			t.Errorf("group %d, with random access: %d parity chunks", g.Group, g.Parity)
		}
		next += uint64(len(chunks))
		data, parity = data+int(g.Data), parity+int(g.Parity)
	}
	if off := 6*data - 100*parity; off < -100 || off > 100 {
		t.Errorf("%d data and %d parity chunks", data, parity)
	}
}
