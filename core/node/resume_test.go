package node_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/memory"
)

func TestAKilledTransportOfTheSourceIsNotNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		source, kill := b.mortalAt("source", begins)
		viewers := []*node.Node{b.node(0), b.node(0), b.node(0), b.node(0), b.node(0), b.node(0)}
		screens := b.spectators(source, viewers...)
		before := repaired(t, viewers...)
		for range 3 {
			kill()
			<-time.After(5 * time.Second)
		}
		b.unnoticed(screens, before, repaired(t, viewers...), 25)
		if n := count[event.PartFailed](b.events); n != 3 {
			t.Errorf("%d events about a part that failed, want 3", n)
		}
	})
}

func TestAKilledTransportOfAViewerIsNotNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		n, kill := b.mortalAt("viewer", begins)
		viewers := []*node.Node{n, b.node(0), b.node(0), b.node(0)}
		screens := b.spectators(b.node(0), viewers...)
		before := repaired(t, viewers...)
		for range 3 {
			kill()
			<-time.After(5 * time.Second)
		}
		b.unnoticed(screens, before, repaired(t, viewers...), 25)
	})
}

// TestKilledTransportsOfTwoNodesCostNoChunk has nobody to ask for what is lost but the other end.
func TestKilledTransportsOfTwoNodesCostNoChunk(t *testing.T) {
	for name, kill := range map[string]func(source, viewer func()){
		"at the source": func(source, _ func()) { source() },
		"at the viewer": func(_, viewer func()) { viewer() },
		"at both":       func(source, viewer func()) { source(); viewer() },
	} {
		t.Run(name, func(t *testing.T) {
			for range 4 { // either end has the lower id
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Jitter: 10 * time.Millisecond, Seed: 1})
					source, killSource := b.mortalAt("source", begins)
					viewer, killViewer := b.mortalAt("viewer", begins)
					screens := b.spectators(source, viewer)
					before := repaired(t, viewer)
					for range 10 {
						kill(killSource, killViewer)
						<-time.After(3500 * time.Millisecond)
					}
					b.unnoticed(screens, before, repaired(t, viewer), 4)
				})
			}
		})
	}
}

func TestAConnectionLostWithoutACauseIsWaitedForAtTheOtherEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		source, kill := b.mortal(0)
		viewer, lose := b.breakable()
		b.audience(source, 0)
		s := &screen{}
		b.viewAt(viewer, s, substreamInline)
		<-time.After(5 * time.Second)
		s.forget()
		lose(errors.New("it was restarted"))
		kill()
		b.playOn([]*screen{s}, 0)
		if n := count[event.PeerLeft](b.events); n != 0 {
			t.Errorf("%d links went down: %+v", n, b.events.all)
		}
	})
}

func TestALinkThatNobodyResumesGoesDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		source := b.node(0)
		viewer, lose := b.breakable()
		b.audience(source, 0)
		b.viewAt(viewer, &screen{}, substreamInline)
		<-time.After(5 * time.Second)
		lose(errors.New("gone"))
		<-time.After(900 * time.Millisecond)
		if n := count[event.PeerLeft](b.events); n != 0 {
			t.Errorf("%d links went down within 900 ms", n)
		}
		<-time.After(700 * time.Millisecond)
		if !happened(b.events, func(e event.PeerLeft) bool { return e.Cause == "away for too long" }) {
			t.Errorf("no link went down within 1.6 s: %+v", b.events.all)
		}
	})
}

func TestALinkThatWasClosedGoesDownAtOnce(t *testing.T) {
	for name, cause := range map[string]error{
		"here": transport.ErrClosed, "there": transport.ErrPeerClosed, "by silence": transport.ErrTimeout, "unproved": transport.ErrIdentity,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
				source := b.node(0)
				viewer, lose := b.breakable()
				b.audience(source, 0)
				b.viewAt(viewer, &screen{}, substreamInline)
				<-time.After(5 * time.Second)
				lose(cause)
				<-time.After(10 * time.Millisecond)
				if n := count[event.PeerLeft](b.events); n != 1 {
					t.Errorf("%d links went down, want 1", n)
				}
			})
		})
	}
}

func TestWhoWouldResumeALinkThatIsNoneIsToldSo(t *testing.T) {
	const resume, anew = 3, 4
	nothing := append([]byte{resume, 0}, make([]byte, 9)...) // frames heard, sum, milliseconds away
	for name, c := range map[string]struct {
		says   [][]byte
		answer byte
		down   bool
	}{
		"as its first word": {says: [][]byte{nothing}, answer: anew},
		"malformed":         {says: [][]byte{nothing[:5]}, down: true},
		"after other words": {says: [][]byte{{0, 1}, nothing}, down: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, memory.Config{Seed: 1})
				n := b.node(0)
				d := deaf{make(chan transport.LinkID, 1), make(chan error, 1), make(chan []byte, 10)}
				e := b.network.Endpoint(transport.Config{Identity: key(t)})
				b.group.Go(func() { _ = e.Run(b.ctx, d) })
				synctest.Wait()
				if err := e.Dial(n.Self(), n.Addresses()); err != nil {
					t.Fatal(err)
				}
				link := <-d.up
				for _, frame := range c.says {
					if err := e.SendControl(link, frame); err != nil {
						t.Fatal(err)
					}
				}
				<-time.After(time.Second)
				select {
				case err := <-d.down:
					if !c.down {
						t.Errorf("the link went down: %v", err)
					}
				case frame := <-d.frames:
					if c.down || len(frame) != 1 || frame[0] != c.answer {
						t.Errorf("the answer is %v", frame)
					}
				default:
					t.Error("nothing came of it")
				}
			})
		})
	}
}
