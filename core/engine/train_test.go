package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// purse is a budget that knows what it is told of the uplink, grants so many frames, and counts what leaves.
type purse struct {
	rate  uint64
	shown bool
	limit uint64
	left  int // frames
	sent  map[swarm.LinkID]int
}

func (p *purse) Take(now time.Duration, _ scheduler.Class, _ int) (bool, time.Duration) {
	p.left--
	return p.left >= 0, now + ms
}

func (p *purse) Rate() (uint64, bool) { return p.rate, p.shown }
func (p *purse) Cap() uint64          { return p.limit }
func (*purse) Bind(uint64)            {}

func (p *purse) Receipt(time.Duration, swarm.LinkID, budget.Receipt) {}
func (p *purse) Forget(swarm.LinkID)                                 {}

func (p *purse) Sent(_ time.Duration, l swarm.LinkID, size int) {
	if p.sent == nil {
		p.sent = make(map[swarm.LinkID]int)
	}
	p.sent[l] += size
}

// rich is a purse that nothing is known of, and that pays for all trains there may be.
func rich() *purse { return &purse{left: 1000} }

// trainee is an engine whose trains are looked at, and the time.
type trainee struct {
	*engine.Engine
	world *world
	now   time.Duration
}

func newTrainee(t *testing.T, role swarm.Role, b budget.Source) *trainee {
	t.Helper()
	w := newWorld(t, 1)
	e, err := engine.New(engine.Config{
		Role: role, Stream: w.desc.StreamID(), Index: 1, Budget: b, Authentications: sign.Catalogue(), MaxFrame: 1000, Overhead: 50,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Describe(0, w.signed()); err != nil {
		t.Fatal(err)
	}
	return &trainee{e, w, 0}
}

// meets has neighbours of a role come up, the links of them numbered from first on.
func (e *trainee) meets(role swarm.Role, first, count int) {
	for i := range count {
		meetOne(e.Engine, e.world, role, swarm.LinkID(first+i), e.now)
	}
}

// pass has time pass until end, and looks at what the engine wants.
func (e *trainee) pass(end time.Duration, look func(*engine.Ready)) {
	for {
		r := e.Ready(e.now)
		look(r)
		if r.WakeAt > end {
			e.now = end
			return
		}
		e.now = max(e.now, r.WakeAt)
		e.Tick(e.now)
	}
}

// departure is a train, and when it left.
type departure struct {
	engine.Train
	at time.Duration
}

func (d departure) String() string {
	return fmt.Sprintf("%d frames of %d bytes to %d at %v", d.Count, len(d.Frame), d.Link, d.at)
}

// until passes time, and answers which trains leave.
func (e *trainee) until(end time.Duration) (trains []departure) {
	e.pass(end, func(r *engine.Ready) {
		for _, t := range r.Trains {
			trains = append(trains, departure{t, e.now})
		}
	})
	return trains
}

func TestAJoinerSendsATrainToWhomItMeets(t *testing.T) {
	b := rich()
	e := newTrainee(t, swarm.Viewer, b)
	e.now = 1234 * ms
	e.meets(swarm.Viewer, 1, 1)
	before := e.Stats(e.now).Sent.ControlBytes
	trains := e.until(e.now)
	if len(trains) != 1 || trains[0].Link != 1 || trains[0].Count != 6 {
		t.Fatalf("it sends %v, want one of 6 frames at once", trains)
	}
	index, rest, err := swarm.SplitIndex(trains[0].Frame)
	at, ok := swarm.ParsePadding(rest)
	if err != nil || index != 1 || !ok || at != 2*1234 || len(trains[0].Frame) != 1000 {
		t.Errorf("a frame of %d bytes for stream %d, padding: %v, stamp %d (%v)", len(trains[0].Frame), index, ok, at, err)
	}
	if want := 6 * (1000 + 50); b.sent[1] != want || b.left != 1000-6 || before < uint64(want) {
		t.Errorf("of %d bytes on the wire the budget was told of %d, and the statistics have %d", want, b.sent[1], before)
	}
}

func TestATrainIsAsLongAsTheLinkTakes(t *testing.T) {
	for of, want := range map[int]int{600: 600, 4000: 1000, 0: 1000} { // order-free: each on its own
		e := newTrainee(t, swarm.Viewer, rich())
		e.PeerUp(0, engine.Peer{Link: 1, Peer: swarm.PeerID{1}, Dialed: scheduler.There, MaxFrame: of})
		e.Control(0, 1, swarm.Append(nil, 1, &swarm.Hello{Version: swarm.Version, Stream: e.world.desc.StreamID(), Role: swarm.Viewer})[1:])
		if trains := e.until(0); len(trains) != 1 || len(trains[0].Frame) != want {
			t.Errorf("a link that takes %d bytes: %v, want one of frames of %d", of, trains, want)
		}
	}
}

func TestATrainIsAsLongAsTheUplinkIsWide(t *testing.T) {
	for _, c := range []struct {
		rate uint64 // bytes per second, at least
		want int    // frames, of 1050 bytes on the wire
	}{
		{0, 6}, {60_000, 6}, {100_000, 9}, {150_000, 14}, {300_000, 16},
	} {
		b := rich()
		b.rate = c.rate
		e := newTrainee(t, swarm.Viewer, b)
		e.meets(swarm.Viewer, 1, 1)
		if trains := e.until(0); len(trains) != 1 || trains[0].Count != c.want {
			t.Errorf("an uplink of %d bytes a second: %v, want one of %d frames", c.rate, trains, c.want)
		}
	}
}

func TestNoTrainLeavesWhereNothingIsToBeShown(t *testing.T) {
	const stream = 122_000 // bytes per second on the wire, as described

	for name, c := range map[string]struct { // order-free: each on its own
		self, other swarm.Role
		budget      purse
	}{
		"from a source":                       {swarm.Source, swarm.Viewer, purse{}},
		"to the source":                       {swarm.Viewer, swarm.Source, purse{}},
		"from a cap":                          {swarm.Viewer, swarm.Viewer, purse{rate: 100_000, limit: 100_000}},
		"from an uplink that is known":        {swarm.Viewer, swarm.Viewer, purse{rate: 100_000, shown: true}},
		"from one of three times the stream":  {swarm.Viewer, swarm.Viewer, purse{rate: 3*stream + 1000}},
		"from one that nothing is granted of": {swarm.Viewer, swarm.Viewer, purse{left: -1000}},
	} {
		c.budget.left += 1000
		e := newTrainee(t, c.self, &c.budget)
		e.meets(c.other, 1, 3)
		if trains := e.until(2 * time.Second); len(trains) > 0 {
			t.Errorf("%s: %v", name, trains)
		}
	}
	b := rich()
	b.rate = 3*stream - 1000
	e := newTrainee(t, swarm.Viewer, b)
	e.meets(swarm.Viewer, 1, 3)
	if trains := e.until(2 * time.Second); len(trains) != 3 {
		t.Errorf("from one of just below three times the stream: %v, want three", trains)
	}
}

func TestTrainsAreFewAndLeaveOneAfterAnother(t *testing.T) {
	e := newTrainee(t, swarm.Viewer, rich())
	e.meets(swarm.Viewer, 1, 1)
	trains := e.until(60 * ms)
	e.meets(swarm.Viewer, 2, 4)
	if trains = append(trains, e.until(2*time.Second)...); len(trains) != 5 {
		t.Errorf("%d trains for 5 neighbours", len(trains))
	}
	e.meets(swarm.Viewer, 6, 7)
	if trains = append(trains, e.until(4*time.Second)...); len(trains) != 8 {
		t.Errorf("%d trains for 12 neighbours, want 8", len(trains))
	}
	met := make(map[swarm.LinkID]bool)
	for i, d := range trains {
		if met[d.Link] {
			t.Errorf("neighbour %d is sent a second one", d.Link)
		}
		met[d.Link] = true
		if i > 0 && d.at-trains[i-1].at < 100*ms {
			t.Errorf("one leaves at %v, the next at %v", trains[i-1].at, d.at)
		}
	}
}

func TestNoFurtherTrainLeavesOnceTheUplinkIsKnown(t *testing.T) {
	b := rich()
	e := newTrainee(t, swarm.Viewer, b)
	e.meets(swarm.Viewer, 1, 8)
	if n := len(e.until(250 * ms)); n != 3 {
		t.Fatalf("%d trains in the first 250 ms, want 3", n)
	}
	b.rate, b.shown = 100_000, true
	if trains := e.until(2 * time.Second); len(trains) > 0 {
		t.Errorf("it is known, and yet %v", trains)
	}
}

func TestATrainEndsWhereTheBudgetDoes(t *testing.T) {
	b := &purse{left: 4}
	e := newTrainee(t, swarm.Viewer, b)
	e.meets(swarm.Viewer, 1, 1)
	if trains := e.until(50 * ms); len(trains) != 1 || trains[0].Count != 4 || b.sent[1] != 4*1050 {
		t.Errorf("of 4 frames that are granted: %v, %d bytes told", trains, b.sent[1])
	}
	b.left = 0
	e.meets(swarm.Viewer, 2, 1)
	if trains := e.until(350 * ms); len(trains) > 0 || b.sent[2] > 0 {
		t.Errorf("of none: %v, %d bytes told", trains, b.sent[2])
	}
	b.left = 1000
	if trains := e.until(time.Second); len(trains) != 1 || trains[0].Link != 2 || trains[0].Count != 6 {
		t.Errorf("once there is something again: %v, want one of 6 frames", trains)
	}
}
