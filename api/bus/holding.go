package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/shoal-live/shoal/core/chunk"
)

// ErrHeld means that another origin publishes the stream.
var ErrHeld = errors.New("another origin publishes the stream")

const (
	askEvery    = 150 * time.Millisecond  // by a standby, whether the holder lives
	askPatience = 300 * time.Millisecond  // for its answer
	gonePeriod  = 500 * time.Millisecond  // for which NATS knows of no holder: longer than a holder takes to connect to NATS again
	hungPeriod  = 1500 * time.Millisecond // for which it answers nothing
	checkEvery  = time.Second             // by the holder, whether it has been taken over
)

// Holding is the publishing lease of a stream in the hands of this origin. Of several origins with the stream's key on one
// bus one holds it and publishes, and the others stand by. It outlives NATS: who is cut off goes on publishing, and finds out
// afterwards whether another has taken over meanwhile; the higher epoch counts. Its methods may be called at once.
type Holding struct {
	bus    *Bus
	stream chunk.StreamID
	lost   chan struct{}
	stop   context.CancelFunc
	done   chan struct{} // closed when check has returned

	mu       sync.Mutex
	revision uint64 // of the lease when it was last known to be free or ours; 0 for none
	epoch    uint32 // newest that was given; 0 before
	free     bool   // anybody may take it
}

// Acquire waits until this origin may publish a stream: nobody holds its lease, or who did has let it go, is this origin, or
// is no longer heard on the bus. wait is called with the holder's name when there is one to wait for, once for each. While
// NATS is away and no holder is known it waits for nobody, for then nothing else of Shoal waits either. Errors: ctx's;
// ErrBus after Close.
func (b *Bus) Acquire(ctx context.Context, stream chunk.StreamID, wait func(holder string)) (*Holding, error) {
	var w watched
	for {
		held, revision, err := b.leaseOf(ctx, stream)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil && w.holder == "", err == nil && held.open(b.cfg.Origin):
			return b.hold(stream, revision)
		case err != nil:
			w.heard() // who hears nothing knows nothing
		default:
			if w.holder != held.Origin {
				w = watched{holder: held.Origin}
				wait(held.Origin)
			}
			if w.asked(b.ask(ctx, stream)) {
				return b.hold(stream, revision)
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(askEvery):
		}
	}
}

// watched is what a standby knows of who holds the lease.
type watched struct {
	holder string
	silent time.Time // since when it has not answered; zero while it does
	hung   bool      // within that time NATS did know of it
}

func (w *watched) heard() { w.silent, w.hung = time.Time{}, false }

// asked takes the outcome of a question, and reports whether the holder is to be taken for dead.
func (w *watched) asked(err error) bool {
	if err == nil {
		w.heard()
		return false
	}
	now := time.Now()
	if w.silent.IsZero() {
		w.silent = now
	}
	w.hung = w.hung || !errors.Is(err, nats.ErrNoResponders)
	if w.hung {
		return now.Sub(w.silent) >= hungPeriod
	}
	return now.Sub(w.silent) >= gonePeriod
}

// asking is the subject on which the holder of a lease says that it lives. It is no event's.
func asking(stream chunk.StreamID) string { return "shoal.ask.v1.lease." + stream.String() }

// ask asks whoever holds the lease for a sign of life. Errors: nats.ErrNoResponders when NATS knows of nobody.
func (b *Bus) ask(ctx context.Context, stream chunk.StreamID) error {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	_, err := b.conn.RequestWithContext(ctx, asking(stream), nil)
	return err
}

// hold begins to hold.
func (b *Bus) hold(stream chunk.StreamID, revision uint64) (*Holding, error) {
	h := &Holding{bus: b, stream: stream, revision: revision, lost: make(chan struct{}), done: make(chan struct{})}
	sub, err := b.conn.Subscribe(asking(stream), func(m *nats.Msg) { _ = m.Respond([]byte(b.cfg.Origin)) })
	if err != nil {
		return nil, fmt.Errorf("%w: lease of stream %s: %w", ErrBus, stream, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	go func() {
		defer close(h.done)
		defer func() { _ = sub.Unsubscribe() }()
		h.check(ctx)
	}()
	return h, nil
}

// check sees now and then whether another origin has taken the lease, and writes it again where NATS has lost it, until ctx
// ends or it is lost.
func (h *Holding) check(ctx context.Context) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := h.confirm(ctx); errors.Is(err, ErrHeld) {
			close(h.lost)
			return
		} else if err != nil && ctx.Err() == nil {
			h.bus.cfg.Log.Debug("lease", "stream", h.stream, "error", err)
		}
	}
}

// confirm makes the bus say what is so: that this origin holds the lease, by its newest epoch.
func (h *Holding) confirm(ctx context.Context) error {
	held, revision, err := h.bus.leaseOf(ctx, h.stream)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.epoch == 0, held.Origin == h.bus.cfg.Origin && held.Epoch == h.epoch:
		return h.admit(held, revision)
	case held.Origin != h.bus.cfg.Origin && held.Epoch >= h.epoch:
		return fmt.Errorf("%w: %s, by epoch %d", ErrHeld, held.Origin, held.Epoch)
	}
	return h.write(ctx, revision)
}

// admit takes the lease as it is on the bus for this origin's. Errors: ErrHeld.
func (h *Holding) admit(held Lease, revision uint64) error {
	if !held.open(h.bus.cfg.Origin) && revision != h.revision {
		return fmt.Errorf("%w: %s, by epoch %d", ErrHeld, held.Origin, held.Epoch)
	}
	h.revision = revision
	return nil
}

// write puts this origin's lease in the place of the one of that revision. The lock is held.
func (h *Holding) write(ctx context.Context, revision uint64) error {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := h.bus.leaseBucket(ctx)
	if err != nil {
		return err
	}
	body, err := json.Marshal(Lease{Stream: h.stream.String(), Epoch: h.epoch, Origin: h.bus.cfg.Origin, At: time.Now().UTC(), Free: h.free})
	if err != nil {
		return err
	}
	return set(ctx, kv, h.stream.String(), body, revision)
}

// NextEpoch gives an epoch higher than any that the bus or this machine gave before: from the bus by compare-and-set, and
// while the bus is away from this machine's file. Both are written each time they can be, the file to the disk before the
// epoch is used. Errors: ErrHeld when another origin has taken the lease; ErrBus when the epoch could be given a second time:
// the file cannot be read or written, or there is none and the bus is away.
func (h *Holding) NextEpoch(ctx context.Context) (uint32, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	epoch, err := h.bus.nextEpoch(ctx, h.stream, h.admit)
	if err == nil {
		h.epoch, h.free = epoch, false
	}
	return epoch, err
}

// Lost is closed when another origin has taken the lease.
func (h *Holding) Lost() <-chan struct{} { return h.lost }

// Offer lets another origin that stands by take the lease, when it can do better; without one this origin goes on to hold
// it, and its next epoch takes the offer back.
func (h *Holding) Offer(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.epoch == 0 || h.free {
		return
	}
	h.free = true
	held, revision, err := h.bus.leaseOf(ctx, h.stream)
	if err == nil && held.Origin == h.bus.cfg.Origin {
		err = h.write(ctx, revision)
	}
	if err != nil { // check tells it when NATS is back
		h.bus.cfg.Log.Debug("lease not offered", "stream", h.stream, "error", err)
	}
}

// Release ends the holding: who stands by may take the lease at once. It is called once.
func (h *Holding) Release() {
	h.stop()
	<-h.done
	select {
	case <-h.lost:
		return
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	h.Offer(ctx)
}
