//go:build unix

package tool

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock if it is free. Locks belong to the open file, so two
// goroutines of one process exclude each other as two processes do.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EINTR):
		return false, nil
	}
	return false, err
}
