package srt

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	gosrt "github.com/datarhei/gosrt"

	"github.com/shoal-live/shoal/core/ingest"
)

// session is one connection, as a feed of a transport stream.
type session struct {
	cfg     *config
	conn    gosrt.Conn
	quiet   *time.Timer // closes the connection
	silent  atomic.Bool // it was quiet that did
	checked bool        // the first data were looked at
	end     func()      // ends conn and all that was made for it
}

func newSession(cfg *config, conn gosrt.Conn, end func()) *session {
	s := &session{cfg: cfg, conn: conn, end: end, checked: cfg.passphrase == ""}
	s.quiet = time.AfterFunc(cfg.stream.Timeout, func() {
		s.silent.Store(true)
		s.interrupt()
	})
	return s
}

// Read implements io.Reader.
func (s *session) Read(b []byte) (int, error) {
	n, err := s.conn.Read(b)
	switch {
	case s.silent.Load():
		return 0, fmt.Errorf("%s: %w: nothing came in %v", s.cfg.stream.Name, ingest.ErrSource, s.cfg.stream.Timeout)
	case errors.Is(err, io.EOF), errors.Is(err, gosrt.ErrClientClosed):
		return 0, fmt.Errorf("%s: %w: the other side has left", s.cfg.stream.Name, ingest.ErrSource)
	case err != nil:
		return 0, fmt.Errorf("%s: %w: %w", s.cfg.stream.Name, ingest.ErrSource, err)
	}
	s.quiet.Reset(s.cfg.stream.Timeout)
	return n, s.check()
}

// check refuses data in the clear where a passphrase is set: a server that knows none accepts a caller who has one.
func (s *session) check() error {
	if s.checked {
		return nil
	}
	s.checked = true
	var stats gosrt.Statistics
	s.conn.Stats(&stats)
	if stats.Accumulated.PktRecvUndecrypt > 0 {
		return fmt.Errorf("%s: %w: a passphrase is set here, but the other side sends in the clear", s.cfg.stream.Name, ingest.ErrDenied)
	}
	return nil
}

// interrupt ends Read, from any goroutine.
func (s *session) interrupt() { _ = s.conn.Close() } // it never fails

// close ends everything. Nobody reads any more.
func (s *session) close() {
	s.quiet.Stop()
	s.end()
}
