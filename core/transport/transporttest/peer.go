package transporttest

import (
	"context"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// peer is one endpoint of a test with its sink.
type peer struct {
	Endpoint
	t        *testing.T
	id       swarm.PeerID
	sink     *sink
	cancel   context.CancelFunc
	ended    chan error
	vanished bool
}

// run starts the transport; the end of the test stops it.
func (p *peer) run() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.ended = cancel, make(chan error, 1)
	go func() { p.ended <- p.Transport.Run(ctx, p.sink) }()
	p.t.Cleanup(func() {
		p.stop()
		for _, f := range p.sink.faults() {
			p.t.Errorf("%s: %s", p.id, f)
		}
	})
}

// stop ends the context and waits for Run. It may be called again.
func (p *peer) stop() {
	p.t.Helper()
	p.cancel()
	select {
	case err := <-p.ended:
		p.ended <- err
		if err != nil && !p.vanished {
			p.t.Errorf("Run: %v; the end of its context is no error", err)
		}
	case <-time.After(soon):
		p.t.Fatalf("Run did not return within %v of its context's end", soon)
	}
}

// vanish cuts the endpoint off.
func (p *peer) vanish() {
	p.vanished = true
	p.Vanish()
}

// addresses are those that the endpoint listens on.
func (p *peer) addresses() []swarm.Address {
	p.sink.mu.Lock()
	defer p.sink.mu.Unlock()
	return p.sink.listening[0]
}

// await waits until ok holds and fails the test where it does not within d.
func (p *peer) await(what string, d time.Duration, ok func(r *records) bool) {
	p.t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		p.sink.mu.Lock()
		done, changed := ok(&p.sink.records), p.sink.changed
		p.sink.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case err := <-p.ended:
			p.ended <- err
			p.sink.mu.Lock()
			done := ok(&p.sink.records)
			p.sink.mu.Unlock()
			if !done {
				p.t.Fatalf("%s: Run ended before %s came: %v; had %v", p.id, what, err, p.sink)
			}
			return
		case <-timer.C:
			p.t.Fatalf("%s: waited %v for %s; had %v", p.id, d, what, p.sink)
		}
	}
}

// link dials b and waits for Up at both ends. It returns the numbers of the link at a and at b.
func (p *peer) link(b *peer) (here, there transport.LinkID) {
	p.t.Helper()
	before := p.linksTo(b)
	beforeThere := b.linksTo(p)
	if err := p.Transport.Dial(b.id, b.addresses()); err != nil {
		p.t.Fatalf("Dial: %v", err)
	}
	p.await("Up", dialTime, func(r *records) bool { return len(r.to(b.id)) > len(before) })
	b.await("Up", soon, func(r *records) bool { return len(r.to(p.id)) > len(beforeThere) })
	mine, theirs := p.linksTo(b), b.linksTo(p)
	return mine[len(mine)-1], theirs[len(theirs)-1]
}

// linksTo are the numbers of all links to b so far, gone or not.
func (p *peer) linksTo(b *peer) []transport.LinkID {
	p.sink.mu.Lock()
	defer p.sink.mu.Unlock()
	return p.sink.to(b.id)
}

// of is what was recorded of a link.
func (p *peer) of(l transport.LinkID) record {
	p.sink.mu.Lock()
	defer p.sink.mu.Unlock()
	if rec := p.sink.links[l]; rec != nil {
		return *rec
	}
	return record{}
}

// timed fails the test when f takes longer than callTime a call, as one that blocks does.
func (p *peer) timed(what string, f func()) {
	p.t.Helper()
	began := time.Now()
	f()
	if d := time.Since(began); d > callTime {
		p.t.Errorf("%s took %v; it must not block", what, d)
	}
}
