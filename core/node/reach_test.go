package node_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/memory"
)

// mirrored is a transport whose STUN servers see it at one address.
type mirrored struct {
	transport.Transport
	sink transport.Sink
}

const outside swarm.Address = "memory:outside"

func (m *mirrored) Run(ctx context.Context, sink transport.Sink) error {
	m.sink = sink
	return m.Transport.Run(ctx, sink)
}

func (m *mirrored) Punch(addresses []swarm.Address, _ time.Duration) {
	if slices.Contains(addresses, "stun:meeting:9870") {
		go m.sink.Event(transport.Observed{Addresses: []swarm.Address{outside}})
	}
}

func TestAddressSeenFromOutsideIsToldFirstAndSoughtAgainByTheNextTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Seed: 1})
		identity, kill := key(t), make(chan struct{})
		n, err := node.New(node.Config{
			Identity: identity, Authentications: sign.Catalogue(), Events: b.events.sink,
			Transports: []node.TransportSource{{Name: "memory", Start: func(context.Context) (transport.Transport, error) {
				return &mirrored{Transport: &mortal{Transport: b.network.Endpoint(transport.Config{Identity: identity}), bench: b, killed: kill}}, nil
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		b.group.Go(func() { _ = n.Run(b.ctx) })
		<-n.Ready()
		b.publishAt(n, camera{bytes: 100})
		synctest.Wait()
		me := b.table.members[0]
		told := func() []swarm.Address {
			synctest.Wait()
			b.table.mu.Lock()
			defer b.table.mu.Unlock()
			return me.addresses
		}
		if list := told(); len(list) != 1 || list[0] == outside {
			t.Fatalf("before anybody was asked, the node is at %v", list)
		}
		me.sink.Punch([]swarm.Address{"stun:meeting:9870"}, 0)
		if list := told(); len(list) != 2 || list[0] != outside {
			t.Errorf("the node is at %v", list)
		}
		kill <- struct{}{}
		<-time.After(5 * time.Second)
		if list := told(); len(list) != 2 || list[0] != outside {
			t.Errorf("after its transport was killed, the node is at %v", list)
		}
	})
}
