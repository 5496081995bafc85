package trial

import (
	"bytes"
	"errors"
	"testing"

	"github.com/shoal-live/shoal/core/sim"
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

func TestAViceShowsInWhatIsSent(t *testing.T) {
	const first, second = "one chunk", "another"
	for _, c := range []struct {
		name string
		vice sim.Vice
		want []string
	}{
		{"the honest send what they have", sim.Honest, []string{first, second, ""}},
		{"a free rider sends nothing", sim.RidesFree, nil},
		{"a poisoner forges the last byte of each", sim.Poisons, []string{"one chun\x94", "anothe\x8d", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			under, by := new(wire), new(carrier)
			by.vice.Store(uint32(c.vice))
			frames := []transport.Frame{{Data: []byte(first)}, {Data: []byte(second)}, {}}
			by.life(under).SendChunks(frames)
			if len(under.sent) != len(c.want) {
				t.Fatalf("%d frames are sent, want %d", len(under.sent), len(c.want))
			}
			for i, want := range c.want {
				if string(under.sent[i]) != want {
					t.Errorf("frame %d is %q, want %q", i, under.sent[i], want)
				}
			}
			if !bytes.Equal(frames[0].Data, []byte(first)) || !bytes.Equal(frames[1].Data, []byte(second)) {
				t.Errorf("the viewer's own chunks are now %q and %q", frames[0].Data, frames[1].Data)
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
