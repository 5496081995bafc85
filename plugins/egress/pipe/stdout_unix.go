//go:build unix

package pipe

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// Stdout is standard output for [To]: a duplicate that can be closed while a write is blocked, and whose reader's end is
// an error instead of a signal that ends the process.
func Stdout() (io.WriteCloser, error) {
	fd, err := syscall.Dup(syscall.Stdout)
	if err != nil {
		return nil, fmt.Errorf("pipe: duplicate standard output: %w", err)
	}
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		_ = syscall.Close(fd) // of no use
		return nil, fmt.Errorf("pipe: standard output: %w", err)
	}
	return os.NewFile(uintptr(fd), "stdout"), nil
}
