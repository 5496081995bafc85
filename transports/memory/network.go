package memory

import (
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// Network is the wire between endpoints. It is safe for concurrent use.
type Network struct {
	cfg Config

	mu        sync.Mutex // guards everything below, and all that endpoints and links have
	rng       *rand.Rand
	endpoints map[string]*endpoint // running, by name
	lastName  int
}

// NewNetwork makes a network without endpoints. Errors: ErrConfig.
func NewNetwork(cfg Config) (*Network, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Network{
		cfg:       cfg,
		rng:       rand.New(rand.NewPCG(cfg.Seed, 0)),
		endpoints: make(map[string]*endpoint),
	}, nil
}

// Endpoint makes an endpoint on the network. cfg.Params and cfg.Log are not used. It takes its name when it runs.
func (n *Network) Endpoint(cfg transport.Config) transport.Transport {
	e := &endpoint{
		net: n, name: cfg.Listen, wake: make(chan struct{}, 1),
		links: make(map[transport.LinkID]*half), dials: make(map[*dial]struct{}),
	}
	if len(cfg.Identity) == ed25519.PrivateKeySize {
		copy(e.id[:], cfg.Identity.Public().(ed25519.PublicKey))
		e.keyed = true
	}
	return e
}

// Isolate cuts the endpoint of that name off: its chunk frames and those for it are lost, control frames wait, and
// after 3 s its links go down at both ends with transport.ErrTimeout. Unknown names are passed over.
func (n *Network) Isolate(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.endpoints[name]
	if e == nil || e.isolated {
		return
	}
	e.isolated = true
	e.isolation++
	at := time.Now().Add(idleTimeout)
	this := e.isolation
	for _, h := range e.links { // order-free: each goes into an agenda of its own time and link
		for _, end := range [2]*half{h, h.other} {
			end.owner.plan(at, func() report {
				if e.isolation != this || !e.isolated {
					return nil
				}
				return end.goDown(fmt.Errorf("%w: nothing heard for %v", transport.ErrTimeout, idleTimeout))
			})
		}
	}
}

// Restore ends an isolation: what waited is delivered.
func (n *Network) Restore(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.endpoints[name]
	if e == nil || !e.isolated {
		return
	}
	e.isolated = false
	for _, h := range e.links { // order-free: links are independent of one another
		h.release()
		h.other.release()
	}
}

// latency draws the time of one packet's way.
func (n *Network) latency() time.Duration {
	d := n.cfg.Delay
	if n.cfg.Jitter > 0 {
		d += time.Duration(n.rng.Int64N(int64(n.cfg.Jitter) + 1))
	}
	return d
}

// lost draws whether a packet is lost.
func (n *Network) lost() bool { return n.cfg.Loss > 0 && n.rng.Float64() < n.cfg.Loss }

// onWire is how long bytes take to leave.
func (n *Network) onWire(bytes int) time.Duration {
	return time.Duration(float64(bytes) / float64(n.cfg.Rate) * float64(time.Second))
}

// wireBytes are those of a frame, with the headers of its packets.
func wireBytes(frame int) int {
	packets := max(1, (frame+maxChunk-1)/maxChunk)
	return frame + packets*headerSize
}
