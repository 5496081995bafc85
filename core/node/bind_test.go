package node_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/memory"
)

// occupied is a transport whose address is another's until a time.
type occupied struct {
	transport.Transport
	free time.Time
}

// Run fails for as long as the address is taken.
func (o occupied) Run(ctx context.Context, sink transport.Sink) error {
	if time.Now().Before(o.free) {
		return fmt.Errorf("%w: it is in use", transport.ErrAddress)
	}
	return o.Transport.Run(ctx, sink)
}

func TestNodeWaitsForItsAddressAsLongAsAKilledOneMayHoldIt(t *testing.T) {
	for _, c := range []struct {
		name string
		held time.Duration
		ends bool
	}{
		{"an address that is free after 2 s is taken", 2 * time.Second, false},
		{"an address that is another's ends the node", time.Hour, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network, err := memory.NewNetwork(memory.Config{Seed: 1})
				if err != nil {
					t.Fatal(err)
				}
				free := time.Now().Add(c.held)
				n, err := node.New(node.Config{
					Identity: key(t), Authentications: sign.Catalogue(),
					Transports: []node.TransportSource{{Name: "memory", Start: func(context.Context) (transport.Transport, error) {
						return occupied{network.Endpoint(transport.Config{Identity: key(t)}), free}, nil
					}}},
				})
				if err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
				defer stop()
				began := time.Now()
				err = n.Run(ctx)
				took := time.Since(began)
				if c.ends && (!errors.Is(err, transport.ErrAddress) || took < 3*time.Second || took > 6*time.Second) {
					t.Errorf("it ended after %v with %v, want transport.ErrAddress after 3 to 6 s", took, err)
				}
				if !c.ends && (err != nil || took < 10*time.Second) {
					t.Errorf("it ended after %v with %v", took, err)
				}
			})
		})
	}
}
