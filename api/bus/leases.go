package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/shoal-live/shoal/core/chunk"
)

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

func (l *leases) all() (map[string]uint32, error) {
	epochs := make(map[string]uint32)
	if l.file == "" {
		return epochs, errors.New("no data folder")
	}
	b, err := os.ReadFile(l.file)
	if errors.Is(err, fs.ErrNotExist) {
		return epochs, nil
	}
	if err != nil {
		return epochs, err
	}
	if err := json.Unmarshal(b, &epochs); err != nil {
		return epochs, fmt.Errorf("%s: %w (remove it when the bus has the leases)", l.file, err)
	}
	return epochs, nil
}

func (l *leases) read(stream chunk.StreamID) (uint32, error) {
	epochs, err := l.all()
	return epochs[stream.String()], err
}

// write keeps an epoch, by a temporary file and a rename.
func (l *leases) write(stream chunk.StreamID, epoch uint32) error {
	epochs, err := l.all()
	if err != nil {
		return err
	}
	epochs[stream.String()] = epoch
	b, err := json.MarshalIndent(epochs, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(l.file), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(l.file+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(l.file+".new", l.file)
}
