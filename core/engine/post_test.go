package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/swarm"
)

// bundle is a frame of several messages, as a host hands it to an engine.
func bundle(messages ...swarm.Message) []byte {
	frame := swarm.AppendBundle(nil, 1)
	for _, m := range messages {
		frame = swarm.AppendPart(frame, swarm.Append(nil, 1, m)[1:])
	}
	return frame[1:]
}

// answers lists what an engine says to link 2: the lengths of the frames, and what they hold; and whether it hangs up.
func answers(t *testing.T, e *engine.Engine, at time.Duration) (lengths []int, types []swarm.Type, gone bool) {
	r := e.Ready(at)
	for _, c := range r.Control {
		if c.Link != 2 {
			continue
		}
		lengths = append(lengths, len(c.Frame))
		parts, ok := swarm.Unbundle(c.Frame[1:])
		if !ok {
			types = append(types, swarm.Type(c.Frame[1]))
		}
		for len(parts) > 0 {
			part, more, err := swarm.CutPart(parts)
			if err != nil {
				t.Fatal(err)
			}
			types, parts = append(types, swarm.Type(part[0])), more
		}
	}
	for _, h := range r.Hangup {
		gone = gone || h.Link == 2
	}
	return lengths, types, gone
}

func TestOneFrameAnswersEveryMessageOfABundle(t *testing.T) {
	e, _ := hostile(t)
	e.Ready(0)
	e.Control(ms, 2, bundle(&swarm.Ping{Sent: 1}, &swarm.Want{Epoch: 1, Numbers: []uint64{1 << 40}}, &swarm.Ping{Sent: 2}))
	lengths, types, _ := answers(t, e, ms)
	if len(lengths) != 1 || len(types) != 3 || types[0] != swarm.TypePong || types[1] != swarm.TypeDeny || types[2] != swarm.TypePong {
		t.Errorf("%d frames, %v", len(lengths), types)
	}
}

func TestABundleFitsIntoAPacket(t *testing.T) {
	e, _ := hostile(t)
	e.Ready(0)
	for range 100 {
		e.Control(ms, 2, bundle(&swarm.Ping{Sent: 1}))
	}
	lengths, types, _ := answers(t, e, ms)
	for _, n := range lengths {
		if n > swarm.MostBundle {
			t.Errorf("a bundle of %d bytes", n)
		}
	}
	if len(lengths) < 2 || len(lengths) > 4 || len(types) != 100 {
		t.Errorf("%d answers in %d frames", len(types), len(lengths))
	}
}

func TestAfterAGoodbyeNothingIsHeard(t *testing.T) {
	e, _ := hostile(t)
	e.Ready(0)
	e.Control(ms, 2, bundle(&swarm.Bye{Cause: swarm.ByeLeaving}, &swarm.Ping{Sent: 1}))
	if _, types, gone := answers(t, e, ms); !gone || len(types) > 0 {
		t.Errorf("gone %v, answered %v", gone, types)
	}
}

func TestManyBundlesThatCannotBeReadAreMisconduct(t *testing.T) {
	e, _ := hostile(t)
	e.Ready(0)
	for range 20 {
		e.Control(ms, 2, []byte{byte(swarm.TypeBundle), 200})
	}
	if _, _, gone := answers(t, e, ms); !gone {
		t.Error("the link is still there")
	}
	if n := e.Stats(ms).Chunks.Malformed; n == 0 || n > 20 {
		t.Errorf("%d malformed", n)
	}
}

func TestAPingGoesWithAnAnswerShortlyBeforeItsTime(t *testing.T) {
	for at, want := range map[time.Duration]bool{50 * ms: false, 150 * ms: true} { // the second one is due at 0.3 s
		e, _ := hostile(t)
		e.Ready(0)
		e.Control(at, 2, bundle(&swarm.Ping{Sent: 1}))
		lengths, types, _ := answers(t, e, at)
		if len(lengths) != 1 || !slices.Contains(types, swarm.TypePong) || slices.Contains(types, swarm.TypePing) != want {
			t.Errorf("at %v: %v in %d frames", at, types, len(lengths))
		}
	}
}
