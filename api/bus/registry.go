package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/shoal-live/shoal/core/chunk"
)

const (
	streamsBucket = "shoal_streams"
	leasesBucket  = "shoal_leases"
	kvTimeout     = 2 * time.Second
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

func (b *Bus) bucket(ctx context.Context, name string) (jetstream.KeyValue, error) {
	kv, err := b.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: name, History: 5})
	if err != nil {
		return nil, fmt.Errorf("%w: bucket %s: %w", ErrBus, name, err)
	}
	return kv, nil
}

// key writes a stream's name as a key of a bucket.
func key(name string) string { return strings.ReplaceAll(Token(name), "%", "=") }

// Register puts a record into the registry. Errors: ErrBus; the stream is published all the same.
func (b *Bus) Register(ctx context.Context, r Record) error {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.bucket(ctx, streamsBucket)
	if err != nil {
		return err
	}
	r.Origin = b.cfg.Origin
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err := kv.Put(ctx, key(r.Name), body); err != nil {
		return fmt.Errorf("%w: register %q: %w", ErrBus, r.Name, err)
	}
	return nil
}

// Unregister takes a stream out of the registry, when this origin's record is still there. Errors: ErrBus.
func (b *Bus) Unregister(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.bucket(ctx, streamsBucket)
	if err != nil {
		return err
	}
	entry, err := kv.Get(ctx, key(name))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: unregister %q: %w", ErrBus, name, err)
	}
	var r Record
	if json.Unmarshal(entry.Value(), &r) == nil && r.Origin != b.cfg.Origin {
		return nil // another origin has taken it over
	}
	if err := kv.Delete(ctx, key(name), jetstream.LastRevision(entry.Revision())); err != nil {
		return fmt.Errorf("%w: unregister %q: %w", ErrBus, name, err)
	}
	return nil
}

// Registered lists the registry, by name. Errors: ErrBus.
func (b *Bus) Registered(ctx context.Context) ([]Record, error) {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.bucket(ctx, streamsBucket)
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
	slices.SortFunc(list, func(a, b Record) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Lease is the publishing lease of a stream as it is kept.
type Lease struct {
	Stream string    `json:"stream"`
	Epoch  uint32    `json:"epoch"`
	Origin string    `json:"origin"`
	At     time.Time `json:"at"`
}

// NextEpoch takes the publishing lease of a stream and answers its epoch, higher than any given before: from the
// bus by compare-and-set, and while the bus is away from this machine's file. Both are written each time they can be.
// Errors: ErrBus when neither can be.
func (b *Bus) NextEpoch(ctx context.Context, stream chunk.StreamID) (uint32, error) {
	b.leases.mu.Lock()
	defer b.leases.mu.Unlock()
	local, fileErr := b.leases.read(stream)
	epoch := local + 1
	fenced, busErr := b.fence(ctx, stream, local)
	if busErr == nil {
		epoch = fenced
	} else {
		b.cfg.Log.Warn("lease taken from the file alone: the bus is away", "error", busErr)
	}
	if err := b.leases.write(stream, epoch); err != nil && (busErr != nil || fileErr != nil) {
		return 0, fmt.Errorf("%w: lease of stream %s: %w", ErrBus, stream, errors.Join(busErr, err))
	}
	return epoch, nil
}

// fence raises the epoch on the bus above what is there and above least.
func (b *Bus) fence(ctx context.Context, stream chunk.StreamID, least uint32) (uint32, error) {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.bucket(ctx, leasesBucket)
	if err != nil {
		return 0, err
	}
	for {
		var held Lease
		var revision uint64
		entry, err := kv.Get(ctx, stream.String())
		switch {
		case err == nil:
			revision = entry.Revision()
			if err := json.Unmarshal(entry.Value(), &held); err != nil {
				return 0, fmt.Errorf("%w: lease of stream %s: %w", ErrBus, stream, err)
			}
		case !errors.Is(err, jetstream.ErrKeyNotFound):
			return 0, fmt.Errorf("%w: lease of stream %s: %w", ErrBus, stream, err)
		}
		next := Lease{Stream: stream.String(), Epoch: max(held.Epoch, least) + 1, Origin: b.cfg.Origin, At: time.Now().UTC()}
		body, err := json.Marshal(next)
		if err != nil {
			return 0, err
		}
		if _, err = kv.Update(ctx, stream.String(), body, revision); err == nil {
			return next.Epoch, nil
		}
		if ctx.Err() != nil {
			return 0, fmt.Errorf("%w: lease of stream %s: %w", ErrBus, stream, err)
		}
	}
}
