package rendezvous

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// Limits of a policy as it is advised.
const (
	maxPolicyName = 64 // bytes of a name, and of a parameter's key and value
	maxParams     = 32
)

// Policy is a piece-selection policy that peers are advised to use: one that comes with every peer, and its parameters.
type Policy struct {
	Name   string            `json:"name"`
	Params map[string]string `json:"params,omitempty"`
}

// Label tells policies apart in metrics: name, and what its parameters are.
func (p Policy) Label() string {
	if len(p.Params) == 0 {
		return p.Name
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(p.Params)) {
		parts = append(parts, k+"="+p.Params[k])
	}
	return p.Name + "{" + strings.Join(parts, ",") + "}"
}

func (p Policy) check() error {
	if len(p.Name) > maxPolicyName || len(p.Params) > maxParams {
		return fmt.Errorf("%w: a policy's name of %d bytes with %d parameters", chunk.ErrLimit, len(p.Name), len(p.Params))
	}
	for k, v := range p.Params { // order-free: any of the errors will do
		if len(k) > maxPolicyName || len(v) > maxPolicyName {
			return fmt.Errorf("%w: a policy's parameter of %d bytes", chunk.ErrLimit, len(k)+len(v))
		}
	}
	return nil
}

// Advice is what a publisher wants the viewers and helpers of a stream to use.
type Advice struct {
	Policy Policy  `json:"policy"`         // without a name: what each has by itself
	Test   *Policy `json:"test,omitempty"` // what a share of them uses instead; nil for no test
	Share  float64 `json:"share"`          // of the viewers, 0..1
}

func (a *Advice) check() error {
	if err := a.Policy.check(); err != nil {
		return err
	}
	if !(a.Share >= 0 && a.Share <= 1) {
		return fmt.Errorf("%w: a share of %v, not 0 to 1", chunk.ErrLimit, a.Share)
	}
	if a.Test != nil {
		return a.Test.check()
	}
	return nil
}

// For is the policy of one viewer: the same one whenever and wherever it joins, for the same share.
func (a *Advice) For(stream chunk.StreamID, peer swarm.PeerID) Policy {
	if a.Test != nil {
		h := sha256.Sum256(append(stream[:], peer[:]...))
		if float64(binary.BigEndian.Uint32(h[:]))/(1<<32) < a.Share {
			return *a.Test
		}
	}
	return a.Policy
}

// labels are those by which a test is told apart; none without a test.
func (a *Advice) labels() []string {
	if a == nil || a.Test == nil {
		return nil
	}
	return []string{a.Policy.Label(), a.Test.Label()}
}

// advise takes what a source wants its viewers to use, and tells each.
func (s *Server) advise(m *member, a *Advice) error {
	if a == nil {
		return fmt.Errorf("%w: advise without advice", ErrProtocol)
	}
	if err := a.check(); err != nil {
		return err
	}
	if m.role != swarm.Source {
		return refused("advice is not from a source")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := m.room
	r.advice = a
	for _, role := range []swarm.Role{swarm.Helper, swarm.Viewer} {
		for _, o := range r.roles[role] {
			r.advised(o)
		}
	}
	return nil
}

// advised tells a viewer or a helper which policy it is to use. Only viewers are tested: a helper feeds those of both kinds. The
// server's lock is held.
func (r *room) advised(m *member) {
	if r.advice == nil || m.role == swarm.Source {
		return
	}
	p := r.advice.Policy
	if m.role == swarm.Viewer {
		p = r.advice.For(r.id, m.peer)
	}
	m.conn.send(encode(&message{Type: "advice", Policy: &p}))
}
