package main

import (
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/term"
)

// paints reports whether f is a terminal that understands more than lines of text.
func paints(f *os.File, environ []string) bool {
	kind := ""
	if i := slices.IndexFunc(environ, func(e string) bool { return strings.HasPrefix(e, "TERM=") }); i >= 0 {
		kind = strings.TrimPrefix(environ[i], "TERM=")
	}
	return term.IsTerminal(int(f.Fd())) && kind != "dumb" && (kind != "" || runtime.GOOS == "windows")
}

// size is that of a terminal, in columns and rows; 80 by 24 when it does not say.
func size(f *os.File) (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 || rows <= 0 {
		return 80, 24
	}
	return columns, rows
}

// shared is a terminal on which a status line stays below what else is written. Writers may call at once.
type shared struct {
	mu   sync.Mutex
	w    io.Writer
	line string // the status line now
}

// Write puts whole lines above the status line.
func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == "" {
		return s.w.Write(p)
	}
	if _, err := io.WriteString(s.w, "\r\x1b[K"); err != nil {
		return 0, err
	}
	n, err := s.w.Write(p)
	if err == nil {
		_, err = io.WriteString(s.w, s.line)
	}
	return n, err
}

// status replaces the status line; "" takes it away.
func (s *shared) status(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == "" && line == "" {
		return
	}
	s.line = line
	_, _ = io.WriteString(s.w, "\r"+line+"\x1b[K") // a terminal that is gone needs no status
}
