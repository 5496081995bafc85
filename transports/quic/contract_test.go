package quic

import (
	"testing"

	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/core/transport/transporttest"
)

func TestContractWithDatagrams(t *testing.T) { contract(t, "datagram") }

func TestContractWithStreams(t *testing.T) { contract(t, "stream") }

func TestContractWithPackets(t *testing.T) { contract(t, "packet") }

func contract(t *testing.T, chunks string) {
	transporttest.Suite(t, func(t *testing.T, cfg transport.Config) transporttest.Endpoint {
		if cfg.Listen == "" {
			cfg.Listen = "127.0.0.1:0"
		}
		cfg.Params = map[string]string{"chunks": chunks}
		q, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return transporttest.Endpoint{
			Transport: q,
			Vanish:    func() { vanish(t, q) },
			Garbage:   func() { harass(t, q) },
		}
	})
}

// vanish takes the socket away, as the death of the process does.
func vanish(t *testing.T, q *Transport) {
	if err := q.live.Load().socket.Close(); err != nil {
		t.Errorf("close the socket: %v", err)
	}
}
