package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

const scheme = "memory"

type state uint8

const (
	fresh   state = 0
	running state = 1
	ended   state = 2
)

// endpoint implements transport.Transport. All but wake, net and id is guarded by the network's lock.
type endpoint struct {
	net   *Network
	id    swarm.PeerID
	keyed bool // id is that of a key
	wake  chan struct{}

	name      string
	state     state
	links     map[transport.LinkID]*half
	lastLink  transport.LinkID
	dials     map[*dial]struct{} // without an outcome so far
	agenda    agenda
	planned   uint64
	isolated  bool
	isolation int // counts isolations
	usage     transport.Usage
	reporting bool // a report of usage is planned
}

// Capabilities are those of a QUIC link, so that tests have its sizes.
func (e *endpoint) Capabilities() transport.Capabilities {
	return transport.Capabilities{Scheme: scheme, MaxChunk: maxChunk, Overhead: headerSize}
}

// Run takes the name and reports, in order of time, what happens to the endpoint.
func (e *endpoint) Run(ctx context.Context, sink transport.Sink) error {
	if err := e.begin(); err != nil {
		return err
	}
	sink.Listening([]swarm.Address{swarm.Address(scheme + ":" + e.name)})
	timer := time.NewTimer(idle)
	defer timer.Stop()
	for ctx.Err() == nil {
		r, wait, ran := e.next()
		if r != nil {
			r(sink)
		}
		if ran {
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-e.wake:
		case <-timer.C:
		}
	}
	for _, r := range e.end() {
		r(sink)
	}
	return nil
}

// begin takes the name.
func (e *endpoint) begin() error {
	n := e.net
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case e.state != fresh:
		return fmt.Errorf("transports/memory: %w: Run is called once", transport.ErrClosed)
	case !e.keyed:
		return fmt.Errorf("transports/memory: %w: Identity is no Ed25519 private key", transport.ErrIdentity)
	case n.endpoints[e.name] != nil:
		return fmt.Errorf("transports/memory: %w: %q is taken; choose another name, or \"\" for any", transport.ErrAddress, e.name)
	}
	for e.name == "" || n.endpoints[e.name] != nil {
		n.lastName++
		e.name = strconv.Itoa(n.lastName)
	}
	e.state = running
	n.endpoints[e.name] = e
	return nil
}

// end closes every link and answers what is left to report.
func (e *endpoint) end() []report {
	n := e.net
	n.mu.Lock()
	defer n.mu.Unlock()
	var last []report
	for d := range e.dials { // order-free: dials are independent of one another
		if r := d.fail(transport.ErrClosed); r != nil {
			last = append(last, r)
		}
	}
	halves := make([]*half, 0, len(e.links))
	for _, h := range e.links { // order-free: sorted below
		halves = append(halves, h)
	}
	slices.SortFunc(halves, func(a, b *half) int { return cmp.Compare(a.id, b.id) })
	for _, h := range halves {
		h.tellOther(fmt.Errorf("%w: transport closed", transport.ErrPeerClosed))
		if r := h.goDown(transport.ErrClosed); r != nil {
			last = append(last, r)
		}
	}
	e.state = ended
	e.agenda = nil
	delete(n.endpoints, e.name)
	return last
}

// link looks up a link that is up.
func (e *endpoint) link(id transport.LinkID) *half {
	if h := e.links[id]; h != nil && h.isUp() {
		return h
	}
	return nil
}

// SendControl copies the frame and puts it on its way.
func (e *endpoint) SendControl(link transport.LinkID, frame []byte) error {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if e.state != running {
		return transport.ErrClosed
	}
	h := e.link(link)
	switch {
	case h == nil:
		return fmt.Errorf("%w: %d", transport.ErrNoLink, link)
	case len(frame) > swarm.MaxControlFrame:
		return fmt.Errorf("%w: control frame of %d bytes, the limit is %d", transport.ErrTooLong, len(frame), swarm.MaxControlFrame)
	case h.waiting+len(frame) > maxWaiting:
		return fmt.Errorf("%w: control channel of link %d", transport.ErrFull, link)
	}
	h.sendControl(slices.Clone(frame))
	return nil
}

// SendChunks puts frames on their way, or reports Full.
func (e *endpoint) SendChunks(frames []transport.Frame) {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if e.state != running {
		return
	}
	now := time.Now()
	for i := range frames {
		f := &frames[i]
		if len(f.Data) > maxChunk || (!f.Expires.IsZero() && f.Expires.Before(now)) {
			continue
		}
		for _, id := range f.To {
			if h := e.link(id); h != nil {
				h.sendChunk(now, f)
			}
		}
	}
}

// Close ends a link.
func (e *endpoint) Close(link transport.LinkID, cause string) {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if h := e.link(link); h != nil {
		h.closing = true
		h.tellOther(fmt.Errorf("%w: %s", transport.ErrPeerClosed, cause))
		e.plan(time.Now(), func() report { return h.goDown(fmt.Errorf("%w: %s", transport.ErrClosed, cause)) })
	}
}

// Signal is ignored: nothing is needed before a link.
func (e *endpoint) Signal(swarm.PeerID, []byte) {}

// Punch is ignored: there are no NATs here.
func (e *endpoint) Punch([]swarm.Address, time.Duration) {}

// count adds to the usage, and plans a report of it.
func (e *endpoint) count(sent, received int) {
	e.usage.Sent += uint64(sent)
	e.usage.Received += uint64(received)
	if e.reporting {
		return
	}
	e.reporting = true
	e.plan(time.Now().Add(usageEvery), func() report {
		e.reporting = false
		u := e.usage
		return func(s transport.Sink) { s.Event(u) }
	})
}
