package rendezvous

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// Subprotocol is the WebSocket subprotocol; a break is another one.
const Subprotocol = "shoal.rendezvous.v1"

// message is every message of the protocol; Type says which fields count.
type message struct {
	Type       string           `json:"type"`
	Nonce      []byte           `json:"nonce,omitempty"`      // challenge
	Peer       string           `json:"peer,omitempty"`       // join, signal
	Role       string           `json:"role,omitempty"`       // join
	Name       string           `json:"name,omitempty"`       // join, joined
	Stream     string           `json:"stream,omitempty"`     // join (optional), joined: StreamID
	Addresses  []swarm.Address  `json:"addresses,omitempty"`  // join, addresses, punch
	Signature  []byte           `json:"signature,omitempty"`  // join: by the peer
	Publisher  string           `json:"publisher,omitempty"`  // join of a source, joined
	Grant      []byte           `json:"grant,omitempty"`      // join of a source: by the publisher
	Descriptor []byte           `json:"descriptor,omitempty"` // joined, describe, descriptor: packed
	Candidates []candidate      `json:"candidates,omitempty"` // joined, candidates
	Observed   string           `json:"observed,omitempty"`   // joined: the address that the server sees
	Count      int              `json:"count,omitempty"`      // introduce
	Data       []byte           `json:"data,omitempty"`       // signal
	DelayMS    int              `json:"delay_ms,omitempty"`   // punch
	Report     *node.Statistics `json:"report,omitempty"`     // report
	Feeds      []string         `json:"feeds,omitempty"`      // report: who pushes to the peer
	Sent       int64            `json:"sent,omitempty"`       // time: echoed
	Now        int64            `json:"now,omitempty"`        // time: Unix microseconds of the server
	Code       string           `json:"code,omitempty"`       // error
	Text       string           `json:"text,omitempty"`       // error, for people
}

// candidate introduces a peer.
type candidate struct {
	Peer      string          `json:"peer"`
	Role      string          `json:"role"`
	Addresses []swarm.Address `json:"addresses"`
}

// The codes of error messages.
const (
	codeUnknownStream = "unknown-stream"
	codeRefused       = "refused"
	codeMalformed     = "malformed"
	codeLimit         = "limit"
	codeReplaced      = "replaced"
)

// ErrProtocol means that the other end does not speak this protocol, or broke it.
var ErrProtocol = errors.New("rendezvous protocol")

// joinText is what a peer signs to join.
func joinText(nonce []byte, role swarm.Role, name string) []byte {
	b := append([]byte("shoal join v1\x00"), nonce...)
	b = append(b, byte(role))
	return append(b, name...)
}

// grantText is what a publisher signs to let a peer publish.
func grantText(nonce []byte, peer swarm.PeerID, name string) []byte {
	b := append([]byte("shoal grant v1\x00"), nonce...)
	b = append(b, peer[:]...)
	return append(b, name...)
}

func parseRole(s string) (swarm.Role, error) {
	for _, r := range []swarm.Role{swarm.Source, swarm.Helper, swarm.Viewer} {
		if r.String() == s {
			return r, nil
		}
	}
	return 0, fmt.Errorf("%w: no role %q (have: source, helper, viewer)", ErrProtocol, s)
}

func parseKey(s string) (ed25519.PublicKey, error) {
	p, err := swarm.ParsePeerID(s)
	return p[:], err
}

// checkAddresses refuses lists and addresses that are too long.
func checkAddresses(list []swarm.Address) error {
	if len(list) > swarm.MaxAddresses {
		return fmt.Errorf("%w: %d addresses, at most %d", chunk.ErrLimit, len(list), swarm.MaxAddresses)
	}
	for _, a := range list {
		if len(a) == 0 || len(a) > swarm.MaxAddress {
			return fmt.Errorf("%w: an address of %d bytes, at most %d", chunk.ErrLimit, len(a), swarm.MaxAddress)
		}
	}
	return nil
}

func fromCandidates(list []swarm.Candidate) []candidate {
	out := make([]candidate, len(list))
	for i, c := range list {
		out[i] = candidate{Peer: c.Peer.Text(), Role: c.Role.String(), Addresses: c.Addresses}
	}
	return out
}

// toCandidates takes those that are well formed.
func toCandidates(list []candidate) []swarm.Candidate {
	var out []swarm.Candidate
	for _, c := range list[:min(len(list), swarm.MaxCandidates)] {
		p, err := swarm.ParsePeerID(c.Peer)
		if err != nil {
			continue
		}
		role, err := parseRole(c.Role)
		if err != nil || checkAddresses(c.Addresses) != nil {
			continue
		}
		out = append(out, swarm.Candidate{Peer: p, Role: role, Addresses: c.Addresses})
	}
	return out
}
