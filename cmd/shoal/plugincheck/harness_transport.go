package plugincheck

import (
	"context"
	"crypto/rand"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/core/transport/transporttest"
	"github.com/shoal-live/shoal/plugins/host"
)

// anyPort is where a transport listens unless the author says otherwise.
const anyPort = "127.0.0.1:0"

// endpoint is a transporttest.Factory: each endpoint has a host of its own, so that its process can be told from others.
func (j *Job) endpoint(t *testing.T, cfg transport.Config) transporttest.Endpoint {
	h := j.rig(t)
	if cfg.Listen == "" {
		cfg.Listen = anyPort
		if j.Listen != "" {
			cfg.Listen = j.Listen
		}
	}
	cfg.Params = j.merged(cfg.Params)
	made, err := h.Transport(t.Context(), j.spec(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	e := &overheard{Transport: made}
	return transporttest.Endpoint{
		Transport: e,
		Vanish:    func() { vanish(t, h) },
		Garbage:   func() { garbage(t, e.addresses()) },
	}
}

// vanish stops the process without a word to anybody: one that is killed would have its connections closed for it.
func vanish(t *testing.T, h *host.Host) {
	t.Helper()
	for _, s := range h.Plugins() {
		for _, pid := range s.PIDs {
			if err := freeze(pid); err != nil {
				t.Fatalf("freezing process %d: %v", pid, err)
			}
		}
	}
}

// overheard keeps what a transport listens on.
type overheard struct {
	transport.Transport
	mu   sync.Mutex
	list []swarm.Address
}

// Run listens in on Listening.
func (o *overheard) Run(ctx context.Context, sink transport.Sink) error {
	return o.Transport.Run(ctx, overhearing{sink, o})
}

func (o *overheard) addresses() []swarm.Address {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.list
}

type overhearing struct {
	transport.Sink
	of *overheard
}

// Listening keeps the addresses.
func (o overhearing) Listening(list []swarm.Address) {
	o.of.mu.Lock()
	o.of.list = append([]swarm.Address(nil), list...)
	o.of.mu.Unlock()
	o.Sink.Listening(list)
}

// garbage sends what a stranger could, over UDP and TCP, to every address that says host and port.
func garbage(t *testing.T, list []swarm.Address) {
	t.Helper()
	sent := 0
	for _, a := range list {
		_, where, _ := strings.Cut(string(a), ":")
		if _, _, err := net.SplitHostPort(where); err != nil {
			continue
		}
		for _, network := range []string{"udp", "tcp"} {
			for _, size := range []int{1, 20, 100, 1200, 60000} {
				if throw(network, where, size) {
					sent++
				}
			}
		}
	}
	if sent == 0 {
		t.Skip("SKIPPED: its addresses are not of the form scheme:host:port, so there is nowhere to send garbage to")
	}
}

// throw sends size random bytes, and tells whether somebody may have got them.
func throw(network, where string, size int) bool {
	c, err := net.DialTimeout(network, where, time.Second)
	if err != nil {
		return false // nobody listens on this network
	}
	defer c.Close()
	b := make([]byte, size)
	rand.Read(b)
	c.SetWriteDeadline(time.Now().Add(time.Second))
	_, err = c.Write(b)
	return err == nil
}
