package control_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
	"github.com/shoal-live/shoal/transports/memory"
)

// meeting introduces the nodes of one test to each other.
type meeting struct {
	mu     sync.Mutex
	seats  []*seat
	signed []byte
}

// seat is one node at a meeting.
type seat struct {
	*meeting
	self      node.Self
	sink      node.RendezvousSink
	addresses []swarm.Address
}

func (s *seat) Run(ctx context.Context, self node.Self, sink node.RendezvousSink) error {
	s.mu.Lock()
	s.self, s.sink = self, sink
	s.seats = append(s.seats, s)
	signed := s.signed
	s.mu.Unlock()
	sink.Connection(nil)
	if signed != nil {
		sink.Descriptor(signed)
	}
	s.Introduce(16)
	<-ctx.Done()
	return nil
}

func (s *seat) Introduce(int) {
	s.mu.Lock()
	var list []swarm.Candidate
	for _, o := range s.seats {
		if o != s && len(o.addresses) > 0 {
			list = append(list, swarm.Candidate{Peer: o.self.Peer, Role: o.self.Role, Addresses: o.addresses})
		}
	}
	sink := s.sink
	s.mu.Unlock()
	if sink != nil && len(list) > 0 {
		sink.Candidates(list)
	}
}

func (s *seat) Describe(signed []byte) {
	s.mu.Lock()
	s.signed = signed
	seats := append([]*seat(nil), s.seats...)
	s.mu.Unlock()
	for _, o := range seats {
		if o != s {
			o.sink.Descriptor(signed)
		}
	}
}

func (s *seat) Reachable(a []swarm.Address) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses = append([]swarm.Address(nil), a...)
}
func (*seat) Accuse(swarm.PeerID)         {}
func (*seat) Signal(swarm.PeerID, []byte) {}
func (*seat) Report(node.Statistics)      {}

// clock is an ingest that emits a group each 50 ms.
type clock struct{}

func (clock) Run(ctx context.Context, sink ingest.Sink) error {
	const span = 50 * time.Millisecond
	tracks := []chunk.Track{{ID: 1, Kind: chunk.Video, Codec: "avc1.64001f", Timescale: 90000}}
	if err := sink.Tracks(ingest.Media{Tracks: tracks, Init: []byte("init"), Bitrate: 500_000}); err != nil {
		return err
	}
	tick := time.NewTicker(span)
	defer tick.Stop()
	for i := 0; ; i++ {
		g := chunk.Group{Payload: make([]byte, 3000)}
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

// station is the state of a process with a real node.
type station struct {
	desk
	node *node.Node
}

func (s *station) Stats() (node.Stats, error) { return s.node.Stats() }
func (s *station) Ready() bool {
	select {
	case <-s.node.Ready():
		return true
	default:
		return false
	}
}

func inline() (scheduler.Policy, error) { return substream.New(nil) }

// newStation runs a node until the test ends.
func newStation(t *testing.T, network *memory.Network, group *sync.WaitGroup, ctx context.Context) *station {
	t.Helper()
	_, identity, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.New(node.Config{
		Identity: identity, Authentications: sign.Catalogue(), Uplink: 500_000,
		Transports: []node.TransportSource{{Name: "memory", Start: func(context.Context) (transport.Transport, error) {
			return network.Endpoint(transport.Config{Identity: identity}), nil
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &station{node: n}
	if s.Ready() {
		t.Error("a node is ready before it runs")
	}
	group.Go(func() { _ = n.Run(ctx) })
	<-n.Ready()
	s.streams = []control.Stream{{Name: "cam1", State: "live"}}
	return s
}

func TestRealNodesAreShownAsTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, err := memory.NewNetwork(memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		var group sync.WaitGroup
		defer group.Wait()
		defer cancel()
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		m := new(meeting)
		policy := node.PolicySource{Name: "substream", Inline: inline}
		source := newStation(t, network, &group, ctx)
		group.Go(func() {
			err := source.node.Publish(ctx, node.StreamConfig{Name: "cam1", Policy: policy, Fallback: inline, Rendezvous: &seat{meeting: m}}, node.PublishConfig{
				Key: key, Ingest: func(context.Context) (ingest.Ingest, error) { return clock{}, nil }, Author: sign.NewAuthor,
				NextEpoch: func(context.Context) (uint32, error) { return 7, nil },
			})
			if err != nil && ctx.Err() == nil {
				t.Errorf("publish: %v", err)
			}
		})
		<-time.After(time.Second)
		var viewers []*station
		for range 3 {
			v := newStation(t, network, &group, ctx)
			err := v.node.Join(node.StreamConfig{
				Name: "cam1", Stream: chunk.NewStreamID(key.Public().(ed25519.PublicKey), "cam1"), Role: swarm.Viewer,
				Policy: policy, Fallback: inline, Rendezvous: &seat{meeting: m},
			})
			if err != nil {
				t.Fatal(err)
			}
			viewers = append(viewers, v)
		}
		<-time.After(10 * time.Second)

		first := metrics(t, viewers[0])
		<-time.After(5 * time.Second)
		second := metrics(t, viewers[0])
		for _, name := range []string{
			`shoal_chunks_total{kind="useful",stream="cam1"}`, `shoal_groups_total{result="complete",stream="cam1"}`,
			`shoal_useful_bytes_total{stream="cam1"}`, `shoal_received_bytes_total`, `shoal_delay_seconds_sum{stream="cam1"}`,
			`shoal_delay_seconds_count{stream="cam1"}`, `shoal_playout_delay_seconds_count{stream="cam1"}`,
		} {
			if first[name] <= 0 || second[name] <= first[name] {
				t.Errorf("%s goes from %v to %v within 5 s", name, first[name], second[name])
			}
		}
		if mean := second[`shoal_delay_seconds_sum{stream="cam1"}`] / second[`shoal_delay_seconds_count{stream="cam1"}`]; mean < 0.004 || mean > 0.2 {
			t.Errorf("the mean delay is %v s over a network of 5 ms", mean)
		}
		if all, count := second[`shoal_delay_seconds_bucket{stream="cam1",le="+Inf"}`], second[`shoal_delay_seconds_count{stream="cam1"}`]; all != count {
			t.Errorf("%v delays in buckets, of %v", all, count)
		}
		at := metrics(t, source)
		if at[`shoal_source_egress_bytes_total{stream="cam1"}`] <= 0 || at["shoal_uplink_cap_bytes_per_second"] != 500_000 || at[`shoal_epoch{stream="cam1"}`] != 7 {
			t.Errorf("the source tells %v", at)
		}
		if _, ok := at[`shoal_delay_seconds_count{stream="cam1"}`]; ok {
			t.Error("the source tells of a delay to itself")
		}

		var peers struct{ Items []control.Peer }
		decode(t, viewers[0], "/v3/peers/list", &peers)
		if !slices.ContainsFunc(peers.Items, func(p control.Peer) bool {
			return p.Role == "source" && p.RTTMS >= 10 && p.ReceivedBytes > 0 && p.In > 0
		}) {
			t.Errorf("the viewer's peers are %+v", peers.Items)
		}
		var stream control.Stream
		decode(t, viewers[0], "/v3/streams/get/cam1", &stream)
		if got := stream.Measured; got == nil || got.Role != "viewer" || got.Epoch != 7 || got.DelayMS <= 0 || got.Neighbours == 0 || got.Continuity < 0.9 {
			t.Errorf("the stream is %+v", got)
		}
		var info control.Info
		decode(t, source, "/v3/info", &info)
		if info.SentBytes == 0 || info.Max1sBps == 0 || info.Max1sBps > 8*500_000 {
			t.Errorf("the source is %+v", info)
		}
	})
}

func decode(t *testing.T, s control.State, path string, into any) {
	t.Helper()
	code, body := get(t, s, path)
	if err := json.Unmarshal(body, into); err != nil || code != http.StatusOK {
		t.Fatalf("%s answers %d: %s", path, code, body)
	}
}

// metrics reads what Prometheus would.
func metrics(t *testing.T, s control.State) map[string]float64 {
	t.Helper()
	code, body := get(t, s, "/metrics")
	if code != http.StatusOK {
		t.Fatalf("/metrics answers %d: %s", code, body)
	}
	m := make(map[string]float64)
	for line := range strings.Lines(string(body)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if v, err := strconv.ParseFloat(value, 64); ok && err == nil && !strings.HasPrefix(line, "#") {
			m[name] = v
		}
	}
	return m
}
