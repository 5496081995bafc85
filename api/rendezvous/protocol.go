package rendezvous

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shoal-live/shoal/codecs/zstd"
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
	Peer       string           `json:"peer,omitempty"`       // join, signal, accuse, suspect
	Role       string           `json:"role,omitempty"`       // join
	Name       string           `json:"name,omitempty"`       // join, joined
	Stream     string           `json:"stream,omitempty"`     // join (optional: the one that is meant), joined: StreamID
	Addresses  []swarm.Address  `json:"addresses,omitempty"`  // join, addresses, punch
	Signature  []byte           `json:"signature,omitempty"`  // join: by the peer
	Publisher  string           `json:"publisher,omitempty"`  // join of a source, joined
	Grant      []byte           `json:"grant,omitempty"`      // join of a source: by the publisher
	Descriptor []byte           `json:"descriptor,omitempty"` // joined, describe, descriptor: packed
	Candidates []candidate      `json:"candidates,omitempty"` // joined, candidates
	Observed   string           `json:"observed,omitempty"`   // joined: the IP address that the server sees
	STUN       []string         `json:"stun,omitempty"`       // joined: STUN servers, "host:port", without a host where it is this one
	ReportMS   int              `json:"report_ms,omitempty"`  // joined: how often reports are wanted
	SpreadMS   int              `json:"spread_ms,omitempty"`  // joined: over which time members join again after a loss
	Count      int              `json:"count,omitempty"`      // introduce
	Data       []byte           `json:"data,omitempty"`       // signal
	DelayMS    int              `json:"delay_ms,omitempty"`   // punch
	Advice     *Advice          `json:"advice,omitempty"`     // advise
	Policy     *Policy          `json:"policy,omitempty"`     // advice
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

// parse reads one message. Errors: ErrProtocol.
func parse(b []byte) (*message, error) {
	m := new(message)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if m.Type == "" {
		return nil, fmt.Errorf("%w: a message without a type", ErrProtocol)
	}
	return m, nil
}

// encode writes m as it travels.
func encode(m *message) frame { return frame{m.Type, marshal(m)} }

// marshal writes what always can be written: strings, numbers that are finite (see finite), and bytes.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a message got a field that JSON has no form for
	}
	return b
}

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

// checkName refuses what cannot be the name of a stream.
func checkName(name string) error {
	switch {
	case name == "" || len(name) > chunk.MaxName:
		return fmt.Errorf("%w: a stream's name of %d bytes, not 1 to %d", chunk.ErrLimit, len(name), chunk.MaxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("%w: the stream's name %q holds what is no text", ErrProtocol, name)
	}
	return nil
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

// pack is a signed descriptor as it travels.
func pack(signed []byte) []byte {
	if len(signed) == 0 {
		return nil
	}
	return zstd.Compress(nil, signed)
}

// unpack is what pack was given.
func unpack(packed []byte) ([]byte, error) {
	if len(packed) == 0 {
		return nil, nil
	}
	return zstd.Decompress(nil, packed, chunk.MaxDescriptor)
}
