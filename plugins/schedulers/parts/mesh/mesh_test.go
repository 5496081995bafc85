package mesh_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/mesh"
)

// talk is one conversation with a puller that asks for the lowest number first.
type talk struct {
	policy scheduler.Policy
	batch  scheduler.Batch
}

func begin(t *testing.T) *talk {
	t.Helper()
	order := func(a, b mesh.Want) int { return cmp.Compare(a.Number, b.Number) }
	k := &talk{policy: mesh.New(mesh.Defaults(), &mesh.Puller{Order: order})}
	k.batch.Snapshot = true
	k.tell(stream(1), scheduler.LinkUp{Link: 1, Peer: swarm.PeerID{2}, Role: swarm.Viewer, RTT: 10 * time.Millisecond},
		scheduler.LinkUp{Link: 2, Peer: swarm.PeerID{3}, Role: swarm.Viewer, RTT: 500 * time.Millisecond})
	k.batch.Snapshot = false
	return k
}

func stream(epoch uint32) scheduler.Stream {
	return scheduler.Stream{
		Self: swarm.PeerID{1}, Role: swarm.Viewer, Epoch: epoch, Substreams: 16, Rate: 150_000, ChunkWire: 1150, MaxLinks: 32, Seed: 1,
	}
}

// tell makes the next batch, a turn later, and answers what is pulled from each link.
func (k *talk) tell(changes ...scheduler.Change) map[swarm.LinkID][]uint64 {
	k.batch.Revision++
	k.batch.Now += 100 * time.Millisecond
	k.batch.Changes = changes
	pulls := make(map[swarm.LinkID][]uint64)
	for _, a := range k.policy.Step(&k.batch).Actions {
		if p, ok := a.(scheduler.Pull); ok {
			pulls[p.Link] = append(pulls[p.Link], p.Numbers...)
		}
	}
	return pulls
}

func TestPullerAsksForWhatIsMissingOnce(t *testing.T) {
	k := begin(t)
	pulls := k.tell(scheduler.Held{Base: 640, Words: []uint64{0b1}}, scheduler.Holds{Link: 1, Base: 640, Words: []uint64{0b1111}})
	if want := []uint64{641, 642, 643}; !slices.Equal(pulls[1], want) {
		t.Errorf("it asked for %v, want %v", pulls, want)
	}
	if pulls := k.tell(); len(pulls) != 0 {
		t.Errorf("it asked for %v while answers were under way", pulls)
	}
}

func TestPullerAsksAnotherWhenNoAnswerComes(t *testing.T) {
	k := begin(t)
	first := k.tell(scheduler.Held{Base: 640, Words: []uint64{0b1}}, scheduler.Holds{Link: 1, Base: 640, Words: []uint64{0b11}},
		scheduler.Holds{Link: 2, Base: 640, Words: []uint64{0b11}})
	if !slices.Equal(first[1], []uint64{641}) {
		t.Fatalf("it asked for %v, want 641 of the nearer neighbour", first)
	}
	var again map[swarm.LinkID][]uint64
	for range 5 {
		if again = k.tell(); len(again) > 0 {
			break
		}
	}
	if len(again[1])+len(again[2]) != 1 {
		t.Errorf("half a second later it asked for %v, want 641 once", again)
	}
}

func TestPullerBeginsAnewWithAnEpoch(t *testing.T) {
	k := begin(t)
	k.tell(scheduler.Held{Base: 9984, Words: []uint64{0b1}}, scheduler.Holds{Link: 1, Base: 9984, Words: []uint64{0b1111}})
	if pulls := k.tell(stream(2)); len(pulls) != 0 {
		t.Errorf("it asked for %v, which is of the epoch before", pulls)
	}
	pulls := k.tell(scheduler.Held{Base: 64, Words: []uint64{0b1}}, scheduler.Holds{Link: 1, Base: 64, Words: []uint64{0b111}})
	if want := []uint64{65, 66}; !slices.Equal(pulls[1], want) {
		t.Errorf("it asked for %v, want %v", pulls, want)
	}
}

func TestPullerLeavesAloneWhatTheEngineRefuses(t *testing.T) {
	k := begin(t)
	k.tell(scheduler.Held{Base: 640, Words: []uint64{0b1}}, scheduler.Holds{Link: 1, Base: 640, Words: []uint64{0b11}})
	refused := scheduler.Refused{Action: scheduler.Pull{Link: 1, Numbers: []uint64{641}}, Reason: scheduler.RefusedNoChunk}
	if pulls := k.tell(refused); len(pulls) != 0 {
		t.Errorf("it asked for %v at once again", pulls)
	}
}

func TestMeshEndsWhatAPolicyBeforeItWasPushed(t *testing.T) {
	k := begin(t)
	k.batch.Snapshot = true
	k.tell(stream(1), scheduler.LinkUp{Link: 1, Peer: swarm.PeerID{2}, Role: swarm.Viewer},
		scheduler.Order{Action: scheduler.Subscribe{Link: 1, Substreams: 0b111, Mode: swarm.Eager}})
	k.batch.Snapshot = false
	began := k.batch.Now
	for range 40 {
		k.batch.Revision++
		k.batch.Now += 100 * time.Millisecond
		k.batch.Changes = nil
		for _, a := range k.policy.Step(&k.batch).Actions {
			if s, ok := a.(scheduler.Subscribe); ok && s.Link == 1 && s.Substreams&0b111 != 0 && s.Mode != swarm.Eager {
				if k.batch.Now-began < time.Second {
					t.Errorf("after %v, before it has found its feet", k.batch.Now-began)
				}
				return
			}
		}
	}
	t.Error("after 4 s it still is")
}
