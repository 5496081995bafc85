package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/shoal-live/shoal/core/chunk"
)

// Lease is the publishing lease of a stream as it is kept.
type Lease struct {
	Stream string    `json:"stream"`
	Epoch  uint32    `json:"epoch"`
	Origin string    `json:"origin"`
	At     time.Time `json:"at"`
	Free   bool      `json:"free,omitempty"` // anybody may take it
}

// open reports whether origin may take the lease as it is, whether or not its holder lives.
func (l Lease) open(origin string) bool { return l.Free || l.Origin == "" || l.Origin == origin }

func (b *Bus) leaseBucket(ctx context.Context) (jetstream.KeyValue, error) {
	return b.bucket(ctx, jetstream.KeyValueConfig{Bucket: leasesBucket, Description: "Shoal: publishing leases", History: 5})
}

// leaseOf reads a lease and its revision; both are zero when there is none.
func (b *Bus) leaseOf(ctx context.Context, stream chunk.StreamID) (held Lease, revision uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.leaseBucket(ctx)
	if err != nil {
		return Lease{}, 0, err
	}
	return readLease(ctx, kv, stream)
}

func readLease(ctx context.Context, kv jetstream.KeyValue, stream chunk.StreamID) (held Lease, revision uint64, err error) {
	entry, err := kv.Get(ctx, stream.String())
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Lease{}, 0, nil
	}
	if err == nil {
		revision = entry.Revision()
		err = json.Unmarshal(entry.Value(), &held)
	}
	if err != nil {
		return Lease{}, 0, fmt.Errorf("%w: lease of stream %s: %w", ErrBus, stream, err)
	}
	return held, revision, nil
}

// nextEpoch is Holding.NextEpoch for whom admit lets; it is asked about the lease that is to be replaced.
func (b *Bus) nextEpoch(ctx context.Context, stream chunk.StreamID, admit func(held Lease, revision uint64) error) (uint32, error) {
	b.leases.mu.Lock()
	defer b.leases.mu.Unlock()
	epochs, err := b.leases.read()
	if err != nil {
		return 0, fmt.Errorf("%w: lease of stream %s: %w", ErrBus, stream, err)
	}
	epoch, err := b.fence(ctx, stream, epochs[stream.String()], admit)
	switch {
	case errors.Is(err, ErrHeld):
		return 0, err
	case err != nil && b.leases.file == "":
		return 0, fmt.Errorf("%w (no data folder is set that could stand in)", err)
	case err != nil:
		epoch = epochs[stream.String()] + 1
		b.cfg.Log.Warn("epoch from the data folder alone", "stream", stream, "epoch", epoch, "error", err)
	}
	epochs[stream.String()] = epoch
	if err := b.leases.write(epochs); err != nil {
		return 0, fmt.Errorf("%w: lease of stream %s: %w", ErrBus, stream, err)
	}
	return epoch, nil
}

// fence raises the epoch on the bus above what is there and above least, where admit lets it.
func (b *Bus) fence(ctx context.Context, stream chunk.StreamID, least uint32, admit func(Lease, uint64) error) (uint32, error) {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.leaseBucket(ctx)
	if err != nil {
		return 0, err
	}
	for {
		held, revision, err := readLease(ctx, kv, stream)
		if err != nil {
			return 0, err
		}
		if err := admit(held, revision); err != nil {
			return 0, err
		}
		next := Lease{Stream: stream.String(), Epoch: max(held.Epoch, least) + 1, Origin: b.cfg.Origin, At: time.Now().UTC()}
		body, err := json.Marshal(next)
		if err != nil {
			return 0, err
		}
		if err = set(ctx, kv, stream.String(), body, revision); err == nil {
			return next.Epoch, nil
		}
		if !lost(err) { // else another origin was faster
			return 0, fmt.Errorf("%w: lease of stream %s: %w", ErrBus, stream, err)
		}
	}
}

// leases keeps the epochs of this machine in a file, for the time while the bus is away.
type leases struct {
	mu   sync.Mutex
	file string // "" keeps none
}

func leaseFile(dir string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "epochs.json")
}

// read is the epochs by stream; none without a file.
func (l *leases) read() (map[string]uint32, error) {
	epochs := make(map[string]uint32)
	if l.file == "" {
		return epochs, nil
	}
	b, err := os.ReadFile(l.file)
	if errors.Is(err, fs.ErrNotExist) {
		return epochs, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &epochs); err != nil {
		return nil, fmt.Errorf("%s: %w (remove the file while the bus answers: it holds the leases as well)", l.file, err)
	}
	return epochs, nil
}

// write puts the epochs on the disk: a new file in the place of the old one, so that neither a crash nor a full disk loses both.
func (l *leases) write(epochs map[string]uint32) error {
	if l.file == "" {
		return nil
	}
	b, err := json.MarshalIndent(epochs, "", "  ")
	if err != nil {
		return err
	}
	dir := filepath.Dir(l.file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "epochs-*.new")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), l.file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
