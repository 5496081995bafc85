package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// keeping is an engine that holds the second of two groups of 640 chunks, has dropped the first, and has one link.
func keeping(t *testing.T, b *strict) (*Engine, *link) {
	t.Helper()
	e := &Engine{cfg: Config{Budget: b}, out: new(outbox), given: new(outbox)}
	e.timers.reset()
	e.player.reset()
	e.talk.outstanding = true // the policy is asked for nothing
	e.epoch = &epoch{
		descriptor: new(chunk.Descriptor), substreams: 16, verifier: silent{}, store: chunk.NewStore(chunk.StoreConfig{MaxBytes: 1}),
	}
	for g := range uint64(2) {
		c := chunk.Chunk{Header: chunk.GroupHeader{
			Group: g, First: g * 640, Data: 640, Size: 640_000, Time: time.Duration(g) * time.Second, Span: time.Second,
		}}
		for i := range uint16(10) {
			c.Index = i
			if got := e.epoch.store.Insert(&c); got != chunk.New {
				t.Fatalf("chunk %d of group %d is %v", i, g, got)
			}
		}
	}
	l := &link{id: 1, up: true, maxFrame: 2000, window: newWindow()}
	e.ids, e.links = append(e.ids, l.id), append(e.links, l)
	return e, l
}

// strict is a budget that grants nothing before a time, and counts how often it is asked.
type strict struct {
	until time.Duration
	asked int
}

func (b *strict) Rate() (uint64, bool) { return 0, false }
func (b *strict) Cap() uint64          { return 0 }
func (*strict) Bind(uint64)            {}

func (b *strict) Take(now time.Duration, _ scheduler.Class, _ int) (bool, time.Duration) {
	b.asked++
	return now >= b.until, b.until
}

// silent verifies nothing, and knows no proofs.
type silent struct{}

func (silent) Verify(*chunk.Chunk) (chunk.Verdict, time.Duration) { return chunk.Authentic, 0 }
func (silent) Trim(*chunk.Chunk, chunk.Knowledge) []byte          { return nil }
func (silent) Rebuild(*chunk.Chunk) []byte                        { return nil }

func TestLinksForgetChunksThatAreKeptNoMore(t *testing.T) {
	e, l := keeping(t, new(strict))
	for _, w := range []*chunk.Window{&l.has, &l.sent, &l.owed} {
		w.Add(3)
		w.Add(645)
	}
	e.tidy()
	for i, w := range []*chunk.Window{&l.has, &l.sent, &l.owed} {
		if w.Base() != 640 || !w.Has(645) {
			t.Errorf("window %d begins at %d and has 645: %v, want 640 and true", i, w.Base(), w.Has(645))
		}
	}
}

func TestWhatABurstTookIsGivenBack(t *testing.T) {
	if s := trimmed(make([]int, 0, 17)); s != nil {
		t.Errorf("an empty slice of 17 has %d still", cap(s))
	}
	if s := trimmed(append(make([]int, 0, 64), 1, 2, 3)); cap(s) > 16 || !slices.Equal(s, []int{1, 2, 3}) {
		t.Errorf("%v has %d still", s, cap(s))
	}
	if s := trimmed(make([]int, 16, 64)); cap(s) != 64 {
		t.Errorf("a slice that is a quarter full was moved to one of %d", cap(s))
	}
}

func TestFeedsTakeMemoryForWhatIsGiven(t *testing.T) {
	var l link
	for _, k := range []int{9, 2, 15} {
		l.feed(k).newest = uint64(k)
	}
	l.feed(2).samples = 7
	if len(l.feeds.list) != 3 {
		t.Errorf("%d feeds for 3 substreams", len(l.feeds.list))
	}
	for k := range 16 {
		want := feed{}
		switch k {
		case 2:
			want = feed{newest: 2, samples: 7}
		case 9, 15:
			want = feed{newest: uint64(k)}
		}
		if got := l.feeds.at(k); got != want {
			t.Errorf("substream %d: %+v, want %+v", k, got, want)
		}
	}
}

func TestNoMoreIsRememberedThanMayComeBack(t *testing.T) {
	var o outgoing
	every := recallFor / 8
	for n := range uint64(100) {
		now := time.Duration(n) * every
		o.remember(recent{number: n + 1, at: stamp(now)})
		for back := range min(n, 7) {
			if !slices.ContainsFunc(o.recent, func(r recent) bool { return r.number == n-back+1 }) {
				t.Fatalf("%d chunks after it, chunk %d is forgotten", back, n-back)
			}
		}
	}
	if len(o.recent) > 9 {
		t.Errorf("%d chunks are remembered, want those of %v", len(o.recent), recallFor)
	}
	for n := range uint64(100) {
		o.remember(recent{number: n + 1})
	}
	if len(o.recent) != maxRecent {
		t.Errorf("%d chunks of one moment are remembered, want %d", len(o.recent), maxRecent)
	}
}

func TestTheBudgetIsNotAskedBeforeItMayGrant(t *testing.T) {
	b := &strict{until: 10 * time.Millisecond}
	e, l := keeping(t, b)
	e.Tick(0)
	e.add(upload{key: 0, number: 645, link: l, expires: time.Second, class: scheduler.ClassLeaf})
	for now := time.Duration(0); now < 10*time.Millisecond; now += time.Millisecond {
		e.Ready(now)
	}
	if b.asked != 1 {
		t.Errorf("asked %d times, want once", b.asked)
	}
	if r := e.Ready(10 * time.Millisecond); len(r.Chunks) != 1 {
		t.Errorf("%d chunks leave in the end, want 1", len(r.Chunks))
	}
}

func TestNobodyIsWokenForWhatHasCome(t *testing.T) {
	e, _ := keeping(t, new(strict))
	for i, n := range []uint64{641, 645, 700, 641} {
		e.frontier.missing.push(missed{due: time.Duration(i + 1), number: n})
	}
	e.timers.set(alarmMissing, 1)
	e.found()
	if at := e.timers.at[alarmMissing]; at != 3 {
		t.Errorf("woken at %d, want 3: chunk 700 alone has not come", at)
	}
}

func TestARequestIsLookedAtWhenItIsGivenUp(t *testing.T) {
	now := time.Second
	for want, x := range map[time.Duration]ask{ // order-free: each stands alone
		now + askEvery:    {},
		now + 2*askEvery:  {to: 1, until: now + 2*askEvery},
		now + 3*askEvery:  {to: 1, until: now + 2*askEvery + 1},
		now + 30*askEvery: {to: 1, until: now + 30*askEvery - 1},
	} {
		if got := x.due(now); got != want {
			t.Errorf("%+v is looked at at %v, want %v", x, got, want)
		}
	}
}

func TestTheSourceIsNotForgottenAmongCandidates(t *testing.T) {
	var c candidates
	c.put(swarm.Candidate{Peer: swarm.PeerID{1}, Role: swarm.Source})
	for i := range 2 * maxCandidates {
		c.put(swarm.Candidate{Peer: swarm.PeerID{2, byte(i), byte(i >> 8)}, Role: swarm.Viewer})
	}
	if c.find(swarm.PeerID{1}) == nil || len(c.list) != maxCandidates {
		t.Errorf("of %d candidates none is the source", len(c.list))
	}
}
