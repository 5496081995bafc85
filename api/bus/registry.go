package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	recordLife   = time.Minute      // of a record that nobody refreshes: its origin was killed
	refreshEvery = 20 * time.Second // by each origin, of its own
	againMost    = 5 * time.Second  // between two attempts while the registry is not as it should be
)

// Record says who publishes a stream, and where it is joined.
type Record struct {
	Name       string    `json:"name"`
	Stream     string    `json:"stream"`    // StreamID
	Publisher  string    `json:"publisher"` // key, hexadecimal
	Epoch      uint32    `json:"epoch"`
	Origin     string    `json:"origin"`
	Rendezvous string    `json:"rendezvous"` // URL to watch it at
	Codecs     []string  `json:"codecs"`
	Since      time.Time `json:"since"`
}

// registry is what this origin wants the registry to say of its streams.
type registry struct {
	mu     sync.Mutex
	wanted map[string]Record // by name
	wake   chan struct{}     // something is to be done
}

func (r *registry) init() {
	r.wanted, r.wake = make(map[string]Record), make(chan struct{}, 1)
}

// nudge makes keep look.
func (r *registry) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *registry) list() []Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(maps.Values(r.wanted), func(a, b Record) int { return strings.Compare(a.Name, b.Name) })
}

// forget gives up a record, if it is the one that is wanted.
func (r *registry) forget(rec Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wanted[rec.Name].Epoch == rec.Epoch {
		delete(r.wanted, rec.Name)
	}
}

// Register puts a record into the registry, and keeps it there until Unregister or Close: also when NATS is away now, or comes
// back without it. A record of another origin with a higher epoch stays. Errors: ErrBus; the stream is published all the same.
func (b *Bus) Register(ctx context.Context, r Record) error {
	r.Origin = b.cfg.Origin
	b.registry.mu.Lock()
	b.registry.wanted[r.Name] = r
	b.registry.mu.Unlock()
	err := b.put(ctx, r)
	if err != nil {
		b.registry.nudge()
	}
	return err
}

// put writes one record by compare-and-set.
func (b *Bus) put(ctx context.Context, r Record) error {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.streams(ctx)
	if err != nil {
		return err
	}
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	for {
		held, revision, err := b.held(ctx, kv, r.Name)
		if err != nil {
			return err
		}
		if held.Origin != r.Origin && held.Epoch > r.Epoch {
			b.registry.forget(r)
			return fmt.Errorf("%w: register %q: origin %s has taken it over, by epoch %d after %d", ErrBus, r.Name, held.Origin, held.Epoch, r.Epoch)
		}
		if err = set(ctx, kv, key(r.Name), body, revision); err == nil {
			return nil
		}
		if !lost(err) {
			return fmt.Errorf("%w: register %q: %w", ErrBus, r.Name, err)
		}
	}
}

// held is the record that is there, and its revision; both are zero when there is none.
func (b *Bus) held(ctx context.Context, kv jetstream.KeyValue, name string) (r Record, revision uint64, err error) {
	entry, err := kv.Get(ctx, key(name))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Record{}, 0, nil
	}
	if err != nil {
		return Record{}, 0, fmt.Errorf("%w: record of %q: %w", ErrBus, name, err)
	}
	_ = json.Unmarshal(entry.Value(), &r) // what cannot be read is nobody's
	return r, entry.Revision(), nil
}

// Unregister takes a stream out of the registry, when this origin's record is still there. While NATS is away the record
// fades by itself. Errors: ErrBus.
func (b *Bus) Unregister(ctx context.Context, name string) error {
	b.registry.mu.Lock()
	delete(b.registry.wanted, name)
	b.registry.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.streams(ctx)
	if err != nil {
		return err
	}
	held, revision, err := b.held(ctx, kv, name)
	if err != nil || revision == 0 || held.Origin != b.cfg.Origin {
		return err
	}
	if err := kv.Delete(ctx, key(name), jetstream.LastRevision(revision)); err != nil && !lost(err) {
		return fmt.Errorf("%w: unregister %q: %w", ErrBus, name, err)
	}
	return nil
}

// Registered lists the registry, by name. Errors: ErrBus.
func (b *Bus) Registered(ctx context.Context) ([]Record, error) {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.streams(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := kv.ListKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: list streams: %w", ErrBus, err)
	}
	var list []Record
	for k := range keys.Keys() {
		entry, err := kv.Get(ctx, k)
		if err != nil {
			continue // it went meanwhile
		}
		var r Record
		if json.Unmarshal(entry.Value(), &r) == nil {
			list = append(list, r)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: list streams: %w", ErrBus, err)
	}
	slices.SortFunc(list, func(a, b Record) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// keep refreshes this origin's records, and writes them again after NATS was away, until ctx ends.
func (b *Bus) keep(ctx context.Context) {
	const soon = 250 * time.Millisecond // JetStream takes a moment after NATS is back
	timer := time.NewTimer(refreshEvery)
	defer timer.Stop()
	for again := soon; ; {
		select {
		case <-ctx.Done():
			return
		case <-b.registry.wake:
		case <-timer.C:
		}
		next := refreshEvery
		for _, r := range b.registry.list() {
			if err := b.put(ctx, r); err != nil && ctx.Err() == nil {
				b.cfg.Log.Debug("registry", "stream", r.Name, "error", err)
				next = again
				break
			}
		}
		if again = min(2*again, againMost); next == refreshEvery {
			again = soon
		}
		timer.Reset(next)
	}
}

// withdraw takes out what this origin has put in.
func (b *Bus) withdraw() {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	for _, r := range b.registry.list() {
		if b.Unregister(ctx, r.Name) != nil {
			return // it fades
		}
	}
}
