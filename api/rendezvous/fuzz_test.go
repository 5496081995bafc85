package rendezvous

import (
	"bytes"
	"crypto/ed25519"
	"math"
	"net"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// seeds are one message of every type.
func seeds() []*message {
	id := swarm.PeerID{1}.Text()
	return []*message{
		{Type: "challenge", Nonce: make([]byte, 32)},
		{Type: "join", Peer: id, Role: "viewer", Name: "cam/ü", Addresses: []swarm.Address{"quic:192.0.2.1:1"}, Signature: make([]byte, 64)},
		{Type: "joined", Name: "cam1", Stream: "00", Publisher: id, Descriptor: []byte{0, 1}, Observed: "192.0.2.1", ReportMS: 2000, SpreadMS: 10,
			Candidates: []candidate{{Peer: id, Role: "source", Addresses: []swarm.Address{"quic:192.0.2.1:1"}}}},
		{Type: "addresses", Addresses: []swarm.Address{"quic:192.0.2.1:1"}},
		{Type: "introduce", Count: 5},
		{Type: "candidates"},
		{Type: "describe", Descriptor: []byte{0, 1, 2}},
		{Type: "signal", Peer: id, Data: []byte("offer")},
		{Type: "accuse", Peer: id},
		{Type: "suspect", Peer: id},
		{Type: "punch", Addresses: []swarm.Address{"quic:192.0.2.1:1"}, DelayMS: 10},
		{Type: "report", Report: &node.Statistics{DelayMS: 12.5, Playing: true}, Feeds: []string{id}},
		{Type: "time", Sent: 1, Now: 2},
		{Type: "error", Code: codeRefused, Text: "no"},
	}
}

// FuzzMessage: what parses is written such that it parses to the same.
func FuzzMessage(f *testing.F) {
	for _, m := range seeds() {
		f.Add(encode(m).data)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parse(b)
		if err != nil {
			return
		}
		once := encode(m).data
		again, err := parse(once)
		if err != nil {
			t.Fatalf("%q is not read again: %v", once, err)
		}
		if twice := encode(again).data; !bytes.Equal(once, twice) {
			t.Fatalf("%q becomes %q", once, twice)
		}
	})
}

// FuzzServer: whatever a member says, the server keeps its books in order.
func FuzzServer(f *testing.F) {
	for _, m := range seeds() {
		f.Add(encode(m).data, byte(swarm.Viewer))
		f.Add(encode(m).data, byte(swarm.Source))
	}
	f.Fuzz(func(t *testing.T, b []byte, role byte) {
		m, err := parse(b)
		if err != nil {
			return
		}
		s := NewServer(Config{})
		defer s.Close()
		_, _, _ = s.authenticate(m, make([]byte, 32))
		r := crowd(1, 3)
		s.rooms[r.name] = r
		who := r.roles[swarm.Viewer][0]
		if role == byte(swarm.Source) {
			who = r.roles[swarm.Source][0]
		}
		_ = s.handle(who, m)
		if who.intro != nil {
			if _, err := parse(append(appendCandidates([]byte(`{"type":"candidates",`), []*member{who}), '}')); err != nil {
				t.Fatalf("the member is introduced as %q: %v", who.intro, err)
			}
		}
		sw, _ := s.Swarm(r.name, 10)
		for _, v := range []float64{sw.Totals.DelayP95MS, sw.Totals.FromPeers, sw.Totals.SourceBps, sw.Totals.DownBps} {
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				t.Fatalf("the totals are %+v", sw.Totals)
			}
		}
	})
}

// nobody takes what a rendezvous brings.
type nobody struct{ t *testing.T }

func (n nobody) Candidates(list []swarm.Candidate) {
	if len(list) > swarm.MaxCandidates {
		n.t.Fatalf("%d candidates", len(list))
	}
	for _, c := range list {
		if checkAddresses(c.Addresses) != nil || c.Role.String() == "" {
			n.t.Fatalf("candidate %+v", c)
		}
	}
}
func (nobody) Descriptor([]byte) {}
func (n nobody) Signal(_ swarm.PeerID, data []byte) {
	if len(data) > MaxSignal {
		n.t.Fatalf("a signal of %d bytes", len(data))
	}
}
func (n nobody) Punch(list []swarm.Address, delay time.Duration) {
	if checkAddresses(list) != nil || delay < 0 || delay > 10*time.Second {
		n.t.Fatalf("punch %v after %v", list, delay)
	}
}
func (nobody) Suspect(swarm.PeerID) {}
func (nobody) Connection(error)     {}

// FuzzClient: whatever a server says, the node hears only what is within limits.
func FuzzClient(f *testing.F) {
	for _, m := range seeds() {
		f.Add(encode(m).data)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parse(b)
		if err != nil {
			return
		}
		c, err := NewClient(ClientConfig{URL: "http://localhost", Identity: make(ed25519.PrivateKey, ed25519.PrivateKeySize)})
		if err != nil {
			t.Fatal(err)
		}
		s := &session{client: c, self: node.Self{Role: swarm.Viewer}, sink: nobody{t}}
		if s.settle(m) == nil && (s.report < reportSoonest || s.spread < 0 || s.spread > maxSpread) {
			t.Fatalf("reports every %v, spread over %v", s.report, s.spread)
		}
		_ = s.take(m)
	})
}

// FuzzSTUN: an answer goes to whoever asked properly, and is no longer than a small datagram.
func FuzzSTUN(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl"))
	f.Add([]byte("\x00\x01\x00\x08\x21\x12\xa4\x42abcdefghijkl\x80\x28\x00\x04aaaa"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if reply := answerSTUN(b, &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5000}); len(reply) > 100 {
			t.Fatalf("%d bytes answer %d", len(reply), len(b))
		}
	})
}
