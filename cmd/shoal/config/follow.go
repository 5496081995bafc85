package config

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is for an editor to finish writing.
const settle = 100 * time.Millisecond

// Follow calls changed whenever the file at path may be another, and once at the beginning, until ctx ends. The folder is
// watched: editors put another file in the place of the one that was there. Errors: the file cannot be watched.
func Follow(ctx context.Context, path string, changed func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", path, err)
	}
	defer func() { _ = w.Close() }()
	if err := w.Add(filepath.Dir(path)); err != nil {
		return fmt.Errorf("watch %s: %w", path, err)
	}
	look := time.NewTimer(settle) // it may have changed since it was read
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-w.Events:
			if filepath.Base(e.Name) == filepath.Base(path) && !e.Has(fsnotify.Chmod) {
				look.Reset(settle)
			}
		case <-w.Errors: // some changes may have been missed
			look.Reset(settle)
		case <-look.C:
			changed()
		}
	}
}
