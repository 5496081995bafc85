package demo

import (
	"io"
	"strings"
)

// What terminals understand by these.
const (
	enterScreen = "\x1b[?1049h\x1b[H" // a screen of its own: what the user had on theirs stays
	leaveScreen = "\x1b[?1049l"
	home        = "\x1b[H"
	eraseLine   = "\x1b[K"
	eraseBelow  = "\x1b[J"
)

// screen shows frames of the table on a terminal, as far as it has room, and leaves the last one whole on the user's
// own screen. The zero value shows nothing.
type screen struct {
	to   io.Writer
	size func() (columns, rows int)
	last *view
}

func (s *screen) open(to io.Writer, size func() (columns, rows int)) {
	s.to, s.size = to, size
	s.write(enterScreen)
}

// draw overwrites the frame before. A terminal may change its size at any time, so it is asked for each frame.
func (s *screen) draw(v *view) {
	if s.to == nil {
		return
	}
	s.last = v
	columns, rows := s.size()
	var b strings.Builder
	b.WriteString(home) // each line erases its own rest, so that nothing flickers
	for i, line := range frame(v, columns, rows) {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(line + eraseLine)
	}
	b.WriteString(eraseBelow)
	s.write(b.String())
}

// close gives the terminal back, with the last frame above whatever comes.
func (s *screen) close() {
	if s.to == nil {
		return
	}
	s.write(leaveScreen)
	if s.last == nil {
		return
	}
	columns, _ := s.size()
	for _, line := range frame(s.last, columns, 0) {
		s.write(line + "\n")
	}
}

func (s *screen) write(text string) {
	_, _ = io.WriteString(s.to, text) // a terminal that is gone needs no table
}
