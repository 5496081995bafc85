package trial

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/quic/impair"
)

// wire is a transport that keeps what is sent.
type wire struct {
	transport.Transport
	sent [][]byte
}

func (w *wire) SendChunks(frames []transport.Frame) {
	for _, f := range frames {
		w.sent = append(w.sent, f.Data)
	}
}

// badWire is one that can become worse.
type badWire struct {
	wire
	cut    bool
	impair impair.Config
}

func (b *badWire) Cut() { b.cut = true }

func (b *badWire) Impair(cfg impair.Config) error {
	b.impair = cfg
	return nil
}

// frameOf is a chunk frame as an engine makes it.
func frameOf(payload string) []byte {
	c := &chunk.Chunk{
		Header: chunk.GroupHeader{Epoch: 1, Data: 1, Size: uint32(len(payload)), Span: time.Second}, Payload: []byte(payload),
	}
	return swarm.AppendStamp(swarm.AppendChunk(nil, 0, c, []byte("a proof")), 7)
}

func TestAViceShowsInWhatIsSent(t *testing.T) {
	for _, c := range []struct {
		name string
		vice sim.Vice
		want []string // payloads
	}{
		{"the honest send what they have", sim.Honest, []string{"one chunk", "another"}},
		{"a free rider sends nothing", sim.RidesFree, nil},
		{"a poisoner forges each", sim.Poisons, []string{"\x90ne chunk", "\x9enother"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			under, by := new(wire), new(carrier)
			by.vice.Store(uint32(c.vice))
			own := [][]byte{frameOf("one chunk"), frameOf("another")}
			by.life(under).SendChunks([]transport.Frame{{Data: own[0]}, {Data: own[1]}})
			if len(under.sent) != len(c.want) {
				t.Fatalf("%d frames are sent, want %d", len(under.sent), len(c.want))
			}
			for i, want := range c.want {
				var f swarm.ChunkFrame
				_, rest, err := swarm.SplitIndex(under.sent[i])
				if err == nil {
					err = swarm.ParseChunk(rest, &f)
				}
				if err != nil || string(f.Chunk.Payload) != want || string(f.Chunk.Proof) != "a proof" || f.Stamp != 7 {
					t.Errorf("frame %d has %q, proof %q and stamp %d, want %q and the rest as it was: %v", i, f.Chunk.Payload, f.Chunk.Proof, f.Stamp, want, err)
				}
			}
			if !bytes.Equal(own[0], frameOf("one chunk")) || !bytes.Equal(own[1], frameOf("another")) {
				t.Error("the viewer's own chunks are others now")
			}
		})
	}
}

func TestAViceBeginsWhileItPlays(t *testing.T) {
	under, by := new(wire), new(carrier)
	life := by.life(under)
	frames := []transport.Frame{{Data: []byte("x")}}
	life.SendChunks(frames)
	by.vice.Store(uint32(sim.RidesFree))
	life.SendChunks(frames)
	if len(under.sent) != 1 {
		t.Errorf("%d frames are sent, want that before the vice", len(under.sent))
	}
}

func TestTheNetworkOfTheNewestLifeBecomesWorse(t *testing.T) {
	old, fresh, by := new(badWire), new(badWire), new(carrier)
	by.life(old)
	by.life(fresh)
	if err := errors.Join(by.impair(impair.Config{Uplink: 7}), by.cut()); err != nil {
		t.Fatal(err)
	}
	if old.cut || !fresh.cut || fresh.impair.Uplink != 7 {
		t.Errorf("the old one %+v, the new one %+v", old, fresh)
	}
	by.life(new(wire))
	if err := by.cut(); !errors.Is(err, errNotHere) {
		t.Errorf("a transport out of reach is cut: %v", err)
	}
}
