//go:build unix

package keys

import (
	"fmt"
	"os"
)

// private refuses a key that others than its owner can read.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%w: %s can be read by others (mode %#o): chmod 600 it", ErrKey, path, mode)
	}
	return nil
}
