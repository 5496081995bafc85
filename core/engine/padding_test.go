package engine_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/swarm"
)

// receipts passes time, and answers those that are sent, and when.
func (e *trainee) receipts(end time.Duration) (list []swarm.Receipt, at []time.Duration) {
	e.pass(end, func(r *engine.Ready) {
		for _, c := range r.Control {
			_, rest, err := swarm.SplitIndex(c.Frame)
			if err != nil {
				e.world.t.Fatal(err)
			}
			parts, bundled := swarm.Unbundle(rest)
			for part := rest; len(parts) > 0 || !bundled; bundled = true {
				if bundled {
					if part, parts, err = swarm.CutPart(parts); err != nil {
						e.world.t.Fatal(err)
					}
				}
				if m, err := swarm.Parse(part); err == nil && m.Type() == swarm.TypeReceipt {
					list, at = append(list, *m.(*swarm.Receipt)), append(at, e.now)
				}
			}
		}
	})
	return list, at
}

// hears has the engine receive count frames of a train that left at once, one each every.
func (e *trainee) hears(count int, every time.Duration) (list []swarm.Receipt, at []time.Duration) {
	for i := range count {
		if i > 0 {
			more, when := e.receipts(e.now + every)
			list, at = append(list, more...), append(at, when...)
		}
		e.Chunk(e.now, 1, swarm.AppendPadding(nil, 1, 1000, 4321)[1:])
	}
	return list, at
}

func TestATrainIsAnsweredOnceItIsHeardOut(t *testing.T) {
	for phase := range 10 { // of the receiver's beat, which is of 100 ms
		e := newTrainee(t, swarm.Viewer, &purse{shown: true})
		e.meets(swarm.Viewer, 1, 1)
		e.receipts(time.Second + time.Duration(phase)*10*ms)
		list, at := e.hears(16, 8*ms)
		last := e.now
		more, when := e.receipts(last + 3*time.Second)
		list, at = append(list, more...), append(at, when...)
		want := swarm.Receipt{Chunks: 16, Bytes: 16 * (999 + 50), Delay: 60 * ms, Newest: 4321} // 999, for the index stays with the host
		if len(list) != 1 || list[0] != want {
			t.Fatalf("phase %d: answered by %+v, want %+v", phase, list, want)
		}
		if after := at[0] - last; after < 30*ms || after > 130*ms {
			t.Errorf("phase %d: answered %v after the last frame", phase, after)
		}
	}
}

// Frames that have waited for long say that the sender's uplink is full: it hears of them twice as soon.
func TestASenderHearsSoonThatItsUplinkIsFull(t *testing.T) {
	e := newTrainee(t, swarm.Viewer, &purse{shown: true})
	e.meets(swarm.Viewer, 1, 1)
	e.hears(16, ms)
	e.receipts(e.now + 3*time.Second)
	e.hears(1, 0) // it left three seconds ago, as all of them
	_, before := e.receipts(e.now + 150*ms)
	e.hears(1, 0)
	_, after := e.receipts(e.now + 3*time.Second)
	if len(before) != 1 || len(after) != 1 || after[0]-before[0] < 250*ms || after[0]-before[0] > 360*ms {
		t.Fatalf("receipts at %v and %v, want the second a quarter of a second after the first", before, after)
	}
}

func TestPaddingIsNeitherMediaNorWrong(t *testing.T) {
	e := newTrainee(t, swarm.Viewer, &purse{shown: true})
	e.meets(swarm.Viewer, 1, 1)
	e.hears(24, ms)
	s := e.Stats(e.now)
	if s.Chunks != (engine.ChunkStats{}) || len(s.Links) != 1 || s.Links[0].Received != 0 {
		t.Errorf("a train leaves %+v, %+v", s.Chunks, s.Links)
	}
}

func TestPaddingThatIsTooShortIsWrong(t *testing.T) {
	e := newTrainee(t, swarm.Viewer, &purse{shown: true})
	e.meets(swarm.Viewer, 1, 1)
	for i := range 9 {
		if r := e.Ready(0); len(r.Hangup) > 0 {
			t.Fatalf("hung up after %d", i)
		}
		e.Chunk(0, 1, []byte{byte(swarm.TypePadding), 0})
	}
	if r := e.Ready(0); len(r.Hangup) != 1 || len(r.Ban) != 1 {
		t.Errorf("after nine of them: %+v, %v", r.Hangup, r.Ban)
	}
	if got := e.Stats(0).Chunks; got != (engine.ChunkStats{Malformed: 9}) {
		t.Errorf("they leave %+v", got)
	}
}
