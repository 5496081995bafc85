package engine

import (
	"fmt"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/swarm"
)

// epoch is what belongs to one descriptor: a newer one replaces all of it.
type epoch struct {
	descriptor *chunk.Descriptor
	signed     []byte
	verifier   chunk.Verifier
	prover     chunk.Prover // the verifier, where it can prove what was restored; else nil
	store      *chunk.Store
	substreams uint64
	shown      bool // the player has been given the descriptor

	group  uint64        // at the source: the next group's number
	next   uint64        // at the source: the next chunk's number
	time   time.Duration // at the source: media time of the last group
	anchor uint64        // see swarm.Have
	held   uint64        // counts changes of what is held
	rate   rate

	span       time.Duration // that the store keeps by itself
	lastAccess time.Duration // media time of the newest random-access group
	interval   time.Duration // between random-access groups: described, or the longest seen
	newest     time.Duration // media time of the newest group
	newestID   uint64
}

// Describe adopts the signed descriptor of an epoch, newer than the one held, from the rendezvous, or at the source
// from the publisher. Signed is kept. Errors: chunk.ErrSignature, chunk.ErrFormat, chunk.ErrLimit; ErrStream (of
// another stream); ErrStale (not newer); ErrAuthentication.
func (e *Engine) Describe(now time.Duration, signed []byte) error {
	e.at(now)
	return e.adopt(signed)
}

func (e *Engine) adopt(signed []byte) error {
	d, err := chunk.Open(signed)
	if err != nil {
		return fmt.Errorf("descriptor: %w", err)
	}
	if d.StreamID() != e.cfg.Stream {
		return fmt.Errorf("%w: %s, this is %s", ErrStream, d.StreamID(), e.cfg.Stream)
	}
	if e.epoch != nil && d.Epoch <= e.epoch.descriptor.Epoch {
		return fmt.Errorf("%w: epoch %d, epoch %d is held", ErrStale, d.Epoch, e.epoch.descriptor.Epoch)
	}
	v, err := e.verifier(d)
	if err != nil {
		return err
	}
	e.begin(d, signed, v)
	return nil
}

func (e *Engine) verifier(d *chunk.Descriptor) (chunk.Verifier, error) {
	for _, a := range e.cfg.Authentications {
		if a.Name() == d.Authentication {
			v, err := a.Verifier(d)
			if err != nil {
				return nil, fmt.Errorf("descriptor of epoch %d: %w", d.Epoch, err)
			}
			return v, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrAuthentication, d.Authentication)
}

// begin resets all that was of the epoch before. Links, subscriptions and standing orders stay, so that viewers
// carry on without reconnecting, unless the number of substreams changes: then they mean nothing any more.
func (e *Engine) begin(d *chunk.Descriptor, signed []byte, v chunk.Verifier) {
	old := e.epoch
	e.epoch = &epoch{
		descriptor: d, signed: slices.Clone(signed), verifier: v, substreams: uint64(d.Substreams),
		store:    chunk.NewStore(chunk.StoreConfig{MaxBytes: e.cfg.StoreBytes, Span: e.cfg.StoreSpan}),
		interval: min(d.RandomAccess, maxInterval), span: e.cfg.StoreSpan,
	}
	e.epoch.prover, _ = v.(chunk.Prover)
	e.epoch.rate.begin(d, e.cfg.Overhead)
	if old == nil || old.substreams != e.epoch.substreams {
		e.resetOrders()
		e.talk.snapshot = e.talk.snapshot || old != nil
	}
	for _, l := range e.links {
		l.newEpoch(e.now)
	}
	e.carryOn()
	e.asking.reset()
	e.joining = joining{}
	e.dropUploads()
	e.pacer.reset()
	e.verifying = verifying{}
	e.restoring.vain = 0
	e.player.newEpoch()
	e.timers.set(alarmMissing, never)
	e.timers.set(alarmAsks, never)
	e.timers.set(alarmPlayout, never)
	e.talk.stream = true
	e.tellEpoch()
	if old != nil {
		e.event(event.EpochChanged{Stream: e.cfg.Stream, Epoch: d.Epoch})
	}
}

// tellEpoch hands the descriptor to the neighbours that have an older one.
func (e *Engine) tellEpoch() {
	for _, l := range e.links {
		if l.up {
			e.handDescriptor(l)
		}
	}
}

func (e *Engine) handDescriptor(l *link) {
	if ep := e.epoch; ep != nil && l.epoch < ep.descriptor.Epoch {
		l.epoch = ep.descriptor.Epoch
		e.send(l, &swarm.DescriptorMessage{Signed: ep.signed})
	}
}

// entered takes notice of the first chunk of a group, and drops what is too old to be kept.
func (ep *epoch) entered(h *chunk.GroupHeader, keep time.Duration) {
	if h.RandomAccess && h.First+1 > ep.anchor {
		if ep.anchor != 0 && h.Time > ep.lastAccess {
			ep.interval = max(ep.interval, min(h.Time-ep.lastAccess, maxInterval))
		}
		ep.anchor, ep.lastAccess = h.First+1, h.Time
	}
	if h.Group >= ep.newestID {
		ep.newestID, ep.newest = h.Group, h.Time
		ep.rate.add(h)
		keep = max(keep, 2*ep.interval, min(ep.newest-ep.lastAccess, maxInterval))
		ep.store.Evict(ep.newest - max(keep-ep.span, 0))
	}
}

// maxInterval bounds what is kept for the sake of random access.
const maxInterval = 20 * time.Second

func (e *Engine) id() uint32 {
	if e.epoch == nil {
		return 0
	}
	return e.epoch.descriptor.Epoch
}

// event tells the outside, unless too many wait to be told.
func (e *Engine) event(v event.Event) {
	if len(e.out.Events) < maxEvents {
		e.out.Events = append(e.out.Events, v)
	}
}
