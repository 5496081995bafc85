package node_test

import (
	"context"
	"crypto/ed25519"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/transports/memory"
)

// shared publishes a stream of 1 Mb/s at n, and lets one viewer join it whose own uplink feeds nobody.
func (b *bench) shared(n *node.Node, name string, weight int) *node.Node {
	b.t.Helper()
	seats := &table{}
	epoch := uint32(0)
	b.group.Go(func() {
		err := n.Publish(b.ctx, node.StreamConfig{
			Name: name, Policy: substreamInline, Fallback: inline, Rendezvous: &seat{table: seats}, Weight: weight,
		}, node.PublishConfig{
			Key: b.key, Ingest: func(context.Context) (ingest.Ingest, error) { return camera{bytes: 6250}, nil }, Author: sign.NewAuthor,
			NextEpoch: func(context.Context) (uint32, error) { epoch++; return epoch, nil },
		})
		if err != nil && b.ctx.Err() == nil {
			b.t.Errorf("publish %s: %v", name, err)
		}
	})
	<-time.After(100 * time.Millisecond)
	v := b.node(0)
	err := v.Join(node.StreamConfig{
		Name: name, Stream: chunk.NewStreamID(b.key.Public().(ed25519.PublicKey), name), Role: swarm.Viewer, Policy: substreamInline,
		Fallback: inline, Rendezvous: &seat{table: seats}, Seed: rand.Uint64(),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func TestStreamsShareACappedUplinkByTheirWeights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const uplink = 150_000 // bytes per second, for two streams of 125,000 each and what surrounds them
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		source := b.node(uplink)
		heavy, light := b.shared(source, "heavy", 3), b.shared(source, "light", 1)
		<-time.After(15 * time.Second)
		useful := func(n *node.Node) uint64 {
			st, err := n.Stats()
			if err != nil {
				t.Fatal(err)
			}
			return st.Streams[0].Engine.Chunks.UsefulBytes
		}
		h, l := useful(heavy), useful(light)
		<-time.After(20 * time.Second)
		h, l = useful(heavy)-h, useful(light)-l
		t.Logf("of two streams of 125 kB/s on %d kB/s, the one of weight 3 got %d kB/s, the one of weight 1 %d kB/s", uplink/1000, h/20_000, l/20_000)
		if l == 0 || float64(h)/float64(l) < 2 || float64(h)/float64(l) > 4.5 {
			t.Errorf("the weights are 3 and 1, the bytes %d and %d", h, l)
		}
		st, err := source.Stats()
		if err != nil {
			t.Fatal(err)
		}
		if st.Most1s > uplink+uplink/50 { // a reading of the socket stands for what left since the one before
			t.Errorf("%d bytes left in one second, the cap is %d", st.Most1s, uplink)
		}
	})
}
