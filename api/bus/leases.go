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
}

// NextEpoch takes the publishing lease of a stream and answers its epoch, higher than any that the bus or this machine gave
// before: from the bus by compare-and-set, and while the bus is away from this machine's file. Both are written each time
// they can be, the file to the disk before the epoch is used. Errors: ErrBus when the epoch could be given a second time:
// the file cannot be read or written, or there is none and the bus is away.
func (b *Bus) NextEpoch(ctx context.Context, stream chunk.StreamID) (uint32, error) {
	b.leases.mu.Lock()
	defer b.leases.mu.Unlock()
	epochs, err := b.leases.read()
	if err != nil {
		return 0, fmt.Errorf("%w: lease of stream %s: %w", ErrBus, stream, err)
	}
	epoch, err := b.fence(ctx, stream, epochs[stream.String()])
	switch {
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

// fence raises the epoch on the bus above what is there and above least.
func (b *Bus) fence(ctx context.Context, stream chunk.StreamID, least uint32) (uint32, error) {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.bucket(ctx, jetstream.KeyValueConfig{Bucket: leasesBucket, Description: "Shoal: publishing leases", History: 5})
	if err != nil {
		return 0, err
	}
	for {
		var held Lease
		var revision uint64
		entry, err := kv.Get(ctx, stream.String())
		if err == nil {
			revision = entry.Revision()
			err = json.Unmarshal(entry.Value(), &held)
		}
		if err != nil && !errors.Is(err, jetstream.ErrKeyNotFound) {
			return 0, fmt.Errorf("%w: lease of stream %s: %w", ErrBus, stream, err)
		}
		next := Lease{Stream: stream.String(), Epoch: max(held.Epoch, least) + 1, Origin: b.cfg.Origin, At: time.Now().UTC()}
		body, err := json.Marshal(next)
		if err != nil {
			return 0, err
		}
		if err = set(ctx, kv, stream.String(), body, revision); err == nil {
			return next.Epoch, nil
		}
		if !lost(err) { // else another origin was faster: once more, above it
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
