package node_test

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
	"github.com/shoal-live/shoal/transports/memory"
)

// bench is a swarm of real nodes on one memory network, in virtual time.
type bench struct {
	t       *testing.T
	ctx     context.Context
	network *memory.Network
	group   *sync.WaitGroup
	key     ed25519.PrivateKey
	table   *table
	events  *events

	restorer func() chunk.Restorer // of each node; nil for none
	parity   int                   // percent
}

// events remembers what nodes told.
type events struct {
	mu  sync.Mutex
	all []event.Event
}

func (e *events) sink(ev event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

// count says how many events are of the type of E.
func count[E event.Event](e *events) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, ev := range e.all {
		if _, ok := ev.(E); ok {
			n++
		}
	}
	return n
}

// table is a rendezvous within the process: a real one is tested where it lives.
type table struct {
	mu      sync.Mutex
	members []*seat
	signed  []byte
}

// seat is one node at the table.
type seat struct {
	table     *table
	self      node.Self
	sink      node.RendezvousSink
	addresses []swarm.Address
}

func (s *seat) Run(ctx context.Context, self node.Self, sink node.RendezvousSink) error {
	t := s.table
	t.mu.Lock()
	s.self, s.sink = self, sink
	t.members = append(t.members, s)
	signed := t.signed
	t.mu.Unlock()
	sink.Connection(nil)
	if signed != nil {
		sink.Descriptor(signed)
	}
	s.Introduce(16)
	<-ctx.Done()
	return nil
}

func (s *seat) Introduce(int) {
	t := s.table
	t.mu.Lock()
	var list []swarm.Candidate
	for _, m := range t.members {
		if m != s && len(m.addresses) > 0 {
			list = append(list, swarm.Candidate{Peer: m.self.Peer, Role: m.self.Role, Addresses: m.addresses})
		}
	}
	sink := s.sink
	t.mu.Unlock()
	if sink != nil && len(list) > 0 {
		sink.Candidates(list)
	}
}

func (s *seat) Describe(signed []byte) {
	t := s.table
	t.mu.Lock()
	t.signed = signed
	members := append([]*seat(nil), t.members...)
	t.mu.Unlock()
	for _, m := range members {
		if m != s {
			m.sink.Descriptor(signed)
		}
	}
}

func (s *seat) Reachable(a []swarm.Address) {
	s.table.mu.Lock()
	defer s.table.mu.Unlock()
	s.addresses = append([]swarm.Address(nil), a...)
}

func (*seat) Accuse(swarm.PeerID)         {}
func (*seat) Signal(swarm.PeerID, []byte) {}
func (*seat) Report(node.Statistics)      {}

// camera is an ingest that emits groups of numbered payloads in real time.
type camera struct{ bytes int }

func (c camera) Run(ctx context.Context, sink ingest.Sink) error {
	const span = 50 * time.Millisecond
	if err := sink.Tracks(ingest.Media{Tracks: []chunk.Track{{ID: 1, Kind: chunk.Video, Codec: "avc1.64001f", Timescale: 90000}}, Init: []byte("init"), Bitrate: 1_000_000}); err != nil {
		return err
	}
	tick := time.NewTicker(span)
	defer tick.Stop()
	for i := uint64(0); ; i++ {
		payload := make([]byte, c.bytes)
		binary.BigEndian.PutUint64(payload, i)
		g := chunk.Group{Payload: payload}
		g.Time, g.Span, g.Born, g.RandomAccess = time.Duration(i)*span, span, time.Now().UnixMicro(), i%20 == 0
		if err := sink.Group(g); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// screen is an egress that checks the order of what it plays.
type screen struct {
	mu     sync.Mutex
	played []uint64
	last   chunk.GroupHeader // of what was played
	gaps   int
	begins int
}

func (*screen) Pacing() egress.Pacing { return egress.AsComplete }

func (s *screen) Run(ctx context.Context, feed <-chan egress.Item, ready func([]string)) error {
	ready(nil)
	for {
		select {
		case <-ctx.Done():
			return nil
		case item, ok := <-feed:
			if !ok {
				return nil
			}
			s.mu.Lock()
			switch item := item.(type) {
			case egress.Begin:
				s.begins++
			case egress.Media:
				s.played = append(s.played, binary.BigEndian.Uint64(item.Group.Payload))
				s.last = item.Group.GroupHeader
			case egress.Gap:
				s.gaps++
			}
			s.mu.Unlock()
		}
	}
}

// run checks that groups were played in order, and answers how many were, and how many were passed over.
func (s *screen) run(t *testing.T, who string) (played, missed int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 1; i < len(s.played); i++ {
		if s.played[i] <= s.played[i-1] {
			t.Errorf("%s: group %d is followed by %d", who, s.played[i-1], s.played[i])
			continue
		}
		missed += int(s.played[i] - s.played[i-1] - 1)
	}
	return len(s.played), missed
}

func inline() (scheduler.Policy, error) { return substream.New(nil) }

func newBench(t *testing.T, cfg memory.Config) *bench {
	t.Helper()
	network, err := memory.NewNetwork(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &bench{t: t, ctx: ctx, network: network, group: new(sync.WaitGroup), key: key(t), table: &table{}, events: &events{}}
	t.Cleanup(func() {
		cancel()
		b.group.Wait()
	})
	return b
}

func key(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, k, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// node starts a node with an uplink cap in bytes per second.
func (b *bench) node(uplink uint64) *node.Node {
	b.t.Helper()
	n, _ := b.mortal(uplink)
	return n
}

// mortal starts a node whose transport can be killed, at which another takes its place.
func (b *bench) mortal(uplink uint64) (_ *node.Node, kill func()) {
	b.t.Helper()
	identity := key(b.t)
	killed := make(chan struct{})
	n, err := node.New(node.Config{
		Identity: identity, Authentications: sign.Catalogue(), Restorer: b.restore(), Uplink: uplink, Events: b.events.sink,
		Transports: []node.TransportSource{{Name: "memory", Start: func(context.Context) (transport.Transport, error) {
			return &mortal{Transport: b.network.Endpoint(transport.Config{Identity: identity}), bench: b, killed: killed}, nil
		}}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.group.Go(func() { _ = n.Run(b.ctx) })
	<-n.Ready()
	return n, func() { killed <- struct{}{} }
}

func (b *bench) restore() chunk.Restorer {
	if b.restorer == nil {
		return nil
	}
	return b.restorer()
}

// publish starts a source.
func (b *bench) publish(uplink uint64, in ingest.Ingest) *node.Node {
	b.t.Helper()
	n := b.node(uplink)
	b.publishAt(n, in)
	return n
}

// publishAt makes a node the source.
func (b *bench) publishAt(n *node.Node, in ingest.Ingest) {
	b.t.Helper()
	epoch := uint32(0)
	b.group.Go(func() {
		err := n.Publish(b.ctx, node.StreamConfig{
			Name: "cam", Policy: node.PolicySource{Name: "substream", Inline: inline}, Fallback: inline, Rendezvous: &seat{table: b.table},
		}, node.PublishConfig{
			Key: b.key, Ingest: func(context.Context) (ingest.Ingest, error) { return in, nil }, Author: coded, Parity: b.parity,
			NextEpoch: func(context.Context) (uint32, error) { epoch++; return epoch, nil },
		})
		if err != nil && b.ctx.Err() == nil {
			b.t.Errorf("publish: %v", err)
		}
	})
}

// view starts a viewer.
func (b *bench) view(policy node.PolicySource) (*node.Node, *screen) {
	b.t.Helper()
	n, s := b.node(0), &screen{}
	b.viewAt(n, s, policy)
	return n, s
}

// viewAt makes a node a viewer.
func (b *bench) viewAt(n *node.Node, s *screen, policy node.PolicySource) {
	b.t.Helper()
	cfg := b.viewer(node.Output{Name: "screen", Start: func(context.Context) (egress.Egress, error) { return s, nil }})
	cfg.Policy = policy
	if err := n.Join(cfg); err != nil {
		b.t.Fatal(err)
	}
}

// viewer is the part of one with that output.
func (b *bench) viewer(o node.Output) node.StreamConfig {
	return node.StreamConfig{
		Name: "cam", Stream: chunk.NewStreamID(b.key.Public().(ed25519.PublicKey), "cam"), Role: swarm.Viewer, Policy: substreamInline,
		Fallback: inline, Rendezvous: &seat{table: b.table}, Seed: rand.Uint64(), Outputs: []node.Output{o},
	}
}

var substreamInline = node.PolicySource{Name: "substream", Inline: inline}

// TestViewersPlayGroupsInOrderOverALossyNetwork allows one group in two hundred to be too late: 1 % of the packets are lost
// twice where they must not be, now and then, and which differs from run to run.
func TestViewersPlayGroupsInOrderOverALossyNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Loss: 0.01, Seed: 1})
		b.publish(0, camera{bytes: 6250})
		<-time.After(2 * time.Second)
		var screens []*screen
		var nodes []*node.Node
		for range 8 {
			n, s := b.view(substreamInline)
			nodes, screens = append(nodes, n), append(screens, s)
		}
		<-time.After(10 * time.Second)
		lost := 0
		for i, s := range screens {
			played, missed := s.run(t, "a viewer")
			if played < 150 {
				t.Errorf("viewer %d played %d groups of about 190", i, played)
			}
			lost += missed
			st, err := nodes[i].Stats()
			if err != nil {
				t.Fatal(err)
			}
			e := &st.Streams[0].Engine
			t.Logf("viewer %d: links %d, delay p50 %.1f ms p99 %.1f ms, startup %v, duplicates %d of %d, repair %d, from source %.0f %%",
				i, len(e.Links), e.Delay.Quantile(.5)/1000, e.Delay.Quantile(.99)/1000, e.Startup, e.Chunks.Duplicate, e.Chunks.Useful,
				e.Chunks.Repair, 100*float64(e.Chunks.FromSource)/float64(max(e.Chunks.UsefulBytes, 1)))
		}
		if lost > 8 {
			t.Errorf("%d groups of about 1500 were too late", lost)
		}
	})
}
