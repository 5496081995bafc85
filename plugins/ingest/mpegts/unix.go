package mpegts

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
)

// unix is a socket that takes one writer at a time. What connects and leaves without a byte is no writer.
type unix struct {
	listener *net.UnixListener
	cfg      config
	came     chan struct{}  // has room for one: there is a writer, or all is over
	all      sync.WaitGroup // who accepts
	got      bool           // the writer has written; Read's alone

	mu      sync.Mutex
	current net.Conn // the writer, from the moment that it was accepted; nil for none
	closed  bool
}

func openUnix(cfg config) (feed, error) {
	if err := vacate(cfg.path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: cfg.path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("%w: %w (the folder has to be there, and a socket's path is at most about 100 bytes long)", ingest.ErrSource, err)
	}
	u := &unix{listener: l, cfg: cfg, came: make(chan struct{}, 1)}
	u.all.Go(u.accept)
	return u, nil
}

// vacate removes a socket that nobody listens on any more.
func vacate(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w", ingest.ErrSource, err)
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("%w: %s is there already and is no socket: remove it, or name another path", ingest.ErrSource, path)
	}
	if c, err := net.Dial("unix", path); err == nil {
		_ = c.Close() // it was only a question
		return fmt.Errorf("%w: another process listens on %s: stop that one, or name another path", ingest.ErrSource, path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("%w: %w", ingest.ErrSource, err)
	}
	return nil
}

// accept takes writers until the listener closes.
func (u *unix) accept() {
	for {
		c, err := u.listener.Accept()
		if err != nil {
			return
		}
		if !u.admit(c) {
			u.cfg.stream.Log.Warn("mpegts: a second writer is refused for as long as the first is there", "source", u.cfg.stream.Name)
			_ = c.Close() // nothing was written
		}
	}
}

func (u *unix) admit(c net.Conn) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || u.current != nil {
		return false
	}
	u.current = c
	u.wake()
	return true
}

func (u *unix) wake() {
	select {
	case u.came <- struct{}{}:
	default:
	}
}

// Read implements io.Reader.
func (u *unix) Read(b []byte) (int, error) {
	deadline := time.Now().Add(u.cfg.stream.Timeout)
	for {
		c, err := u.writer(deadline)
		if err != nil {
			return 0, err
		}
		if err := c.SetReadDeadline(deadline); err != nil {
			return 0, fmt.Errorf("%s: %w: %w", u.cfg.stream.Name, ingest.ErrSource, err)
		}
		n, err := c.Read(b)
		switch {
		case n > 0:
			u.got = true
			return n, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return 0, fmt.Errorf("%s: %w: nothing came in %v", u.cfg.stream.Name, ingest.ErrSource, u.cfg.stream.Timeout)
		case errors.Is(err, io.EOF) && u.got:
			return 0, fmt.Errorf("%s: %w: the writer has ended", u.cfg.stream.Name, ingest.ErrSource)
		case errors.Is(err, io.EOF):
			u.leave()
		case err != nil:
			return 0, fmt.Errorf("%s: %w: %w", u.cfg.stream.Name, ingest.ErrSource, err)
		}
	}
}

// writer is the current one, which is waited for.
func (u *unix) writer(deadline time.Time) (net.Conn, error) {
	patience := time.NewTimer(time.Until(deadline))
	defer patience.Stop()
	for {
		u.mu.Lock()
		c, closed := u.current, u.closed
		u.mu.Unlock()
		switch {
		case closed:
			return nil, fmt.Errorf("%s: %w: %w", u.cfg.stream.Name, ingest.ErrSource, net.ErrClosed)
		case c != nil:
			return c, nil
		}
		select {
		case <-u.came:
		case <-patience.C:
			return nil, fmt.Errorf("%s: %w: nobody wrote anything in %v", u.cfg.stream.Name, ingest.ErrSource, u.cfg.stream.Timeout)
		}
	}
}

// leave makes room for another writer.
func (u *unix) leave() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.current != nil {
		_ = u.current.Close() // it has left
		u.current = nil
	}
}

// Close implements io.Closer. It removes the socket.
func (u *unix) Close() error {
	err := u.listener.Close()
	u.mu.Lock()
	u.closed = true
	u.mu.Unlock()
	u.leave()
	u.wake()
	u.all.Wait()
	if errors.Is(err, net.ErrClosed) { // a second time
		return nil
	}
	return err
}
