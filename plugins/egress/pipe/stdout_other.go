//go:build !unix

package pipe

import (
	"io"
	"os"
)

// Stdout is standard output for [To].
func Stdout() (io.WriteCloser, error) { return os.Stdout, nil }
