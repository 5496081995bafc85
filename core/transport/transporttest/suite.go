package transporttest

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// Factory makes one endpoint, not yet running. Those of one test must be able to reach one another. cfg has an
// Identity; where its Listen is "", the factory chooses an address of this machine with a free port.
type Factory func(t *testing.T, cfg transport.Config) Endpoint

// Endpoint is a transport, and what the suite does to it from outside.
type Endpoint struct {
	Transport transport.Transport
	// Vanish cuts the endpoint off as if its process had been killed: it says nothing more to anybody. Called at most once.
	Vanish func()
	// Garbage sends the endpoint what a stranger could: random, truncated and oversized packets and streams. It
	// returns once they are sent. nil where nobody can send it anything, as in memory.
	Garbage func()
}

// Time bounds of the suite.
const (
	soon     = 10 * time.Second // anything that has no bound of its own
	dialTime = 10 * time.Second // the outcome of a Dial, by contract
	downTime = 5 * time.Second  // a vanished peer is noticed; implementations state less
	endTime  = time.Second      // Run returns after its context has ended
	callTime = 2 * time.Second  // a call that does not block, on a busy machine; one that does waits for a timeout
)

// Suite runs every clause of the contract against the implementation that make makes: one alone, then the others in parallel.
// By then t is parallel itself, so that those of several suites beside one another wait together.
func Suite(t *testing.T, make Factory) {
	s := &suite{make: make}
	t.Run("no goroutine outlives Run", s.leavesNoGoroutine) // alone, because it counts
	t.Parallel()
	for _, c := range s.clauses() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

type suite struct{ make Factory }

type clause struct {
	name string
	run  func(t *testing.T)
}

func (s *suite) clauses() []clause {
	return []clause{
		{"capabilities are constant and complete", s.capabilities},
		{"Listening comes once, with dialable addresses", s.listening},
		{"Run fails with ErrAddress where the address is taken", s.addressTaken},
		{"Dial gives Up at both ends with proved identities", s.dialGivesUp},
		{"Dial of another identity fails with ErrIdentity", s.dialWrongIdentity},
		{"Dial of nobody fails once, within 10 s", s.dialUnreachable},
		{"Dial passes over addresses of other schemes", s.dialOtherSchemes},
		{"Dial of a linked peer has an outcome of its own", s.dialTwice},
		{"link numbers are never used again", s.numbersAreFresh},
		{"control frames arrive whole and in order", s.controlOrdered},
		{"control frames are copied", s.controlCopied},
		{"control frames beyond the limit are refused", s.controlTooLong},
		{"control frames for no link are refused", s.controlNoLink},
		{"control frames that nobody reads are bounded", s.controlFull},
		{"chunk frames reach every link that they are for", s.chunksFanOut},
		{"chunk frames belong to the sink that they reach", s.chunksOwned},
		{"chunk frames that suit no link are passed over", s.chunksPassedOver},
		{"a burst is refused with Full, and Writable follows", s.fullThenWritable},
		{"chunk frames for a vanished peer never block", s.chunksNeverBlock},
		{"Close brings Down with the cause to both ends", s.closeBothEnds},
		{"Close of no link does nothing", s.closeNoLink},
		{"a vanished peer is Down with ErrTimeout", s.vanishedPeer},
		{"Usage counts more than the payload", s.usage},
		{"Measured tells the round trip", s.measured},
		{"Signal and Punch do no harm", s.signalAndPunch},
		{"the end of the context closes every link within 1 s", s.endClosesLinks},
		{"the end of the context ends dials under way", s.endEndsDials},
		{"methods after Run answer ErrClosed", s.afterRun},
		{"all methods may be called at once", s.concurrentUse},
		{"garbage from strangers does no harm", s.garbage},
	}
}

// start makes an endpoint, runs it, and waits for Listening. It is stopped with the test.
func (s *suite) start(t *testing.T) *peer {
	t.Helper()
	p := s.prepare(t, "")
	p.run()
	p.await("Listening", soon, func(r *records) bool { return len(r.listening) > 0 })
	return p
}

// prepare makes an endpoint that does not run yet.
func (s *suite) prepare(t *testing.T, listen string) *peer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, sink: newSink()}
	copy(p.id[:], key.Public().(ed25519.PublicKey))
	p.Endpoint = s.make(t, transport.Config{Identity: key, Listen: listen})
	if p.Transport == nil || p.Vanish == nil {
		t.Fatal("the factory made an endpoint without Transport or Vanish")
	}
	return p
}

// pair starts two endpoints and links them: a has dialed b.
func (s *suite) pair(t *testing.T) (a, b *peer) {
	t.Helper()
	a, b = s.start(t), s.start(t)
	a.link(b)
	return a, b
}
