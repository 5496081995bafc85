package mpegts

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
)

// stdin is where the system keeps standard input. Opened anew, it can be waited for with a deadline and closed, and whoever
// else holds it is left alone.
const stdin = "/dev/stdin"

// pipe is a named pipe, or a device.
type pipe struct {
	file    *os.File
	cfg     config
	started bool // a byte has come
}

func openPipe(cfg config) (feed, error) {
	// Without O_NONBLOCK, opening waits for a writer, and nothing could end that.
	f, err := os.OpenFile(cfg.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w%s", ingest.ErrSource, err, hint(err))
	}
	if info, err := f.Stat(); err != nil || info.Mode().IsRegular() || info.IsDir() {
		_ = f.Close() // nothing was read
		return nil, fmt.Errorf("%w: %s is no pipe (the ingest file plays files; or write one into a pipe, at its own speed: ffmpeg -re)",
			ingest.ErrSource, cfg.path)
	}
	return &pipe{file: f, cfg: cfg}, nil
}

// hint is the way out of a path that is not there.
func hint(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return " (make it with mkfifo)"
	}
	return ""
}

// Read implements io.Reader.
func (p *pipe) Read(b []byte) (int, error) {
	n, err := 0, p.file.SetReadDeadline(time.Now().Add(p.cfg.stream.Timeout))
	if err == nil && !p.started {
		err = p.writer()
	}
	if err == nil {
		n, err = p.file.Read(b)
	}
	p.started = p.started || n > 0
	switch {
	case n > 0:
		return n, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, fmt.Errorf("%s: %w: nothing came in %v%s", p.cfg.stream.Name, ingest.ErrSource, p.cfg.stream.Timeout, p.whose())
	case errors.Is(err, io.EOF):
		return 0, fmt.Errorf("%s: %w: the writer has ended%s", p.cfg.stream.Name, ingest.ErrSource, p.whose())
	}
	return 0, fmt.Errorf("%s: %w: %w", p.cfg.stream.Name, ingest.ErrSource, err)
}

// writer waits until something can be read. A pipe that nobody has opened for writing yet looks like one whose writer has
// left, but to who waits for it.
func (p *pipe) writer() error {
	raw, err := p.file.SyscallConn()
	if err != nil {
		return err
	}
	waited := false
	return raw.Read(func(uintptr) bool {
		if waited {
			return true
		}
		waited = true
		return false
	})
}

// whose reminds of whose standard input it is.
func (p *pipe) whose() string {
	if p.cfg.path == stdin {
		return " on standard input (where the ingest is a process of its own, its standard input is the host's: set isolation: inline)"
	}
	return ""
}

// Close implements io.Closer.
func (p *pipe) Close() error {
	if err := p.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
