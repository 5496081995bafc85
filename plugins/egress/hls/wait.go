package hls

import (
	"context"
	"errors"
	"time"
)

// What a request may meet.
var (
	errTooFar   = errors.New("asks for media that is too far ahead")
	errNotFound = errors.New("no such file")
	errLate     = errors.New("the stream does not flow at the moment")
)

// until waits for f to say yes, asking whenever a part is complete. f is called with mu held. It gives up with errLate
// after patience, and with the error of ctx, and with the error of f.
func (w *window) until(ctx context.Context, patience time.Duration, f func() (bool, error)) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		w.mu.Lock()
		ok, err := f()
		changed := w.changed
		w.mu.Unlock()
		if ok || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return errLate
		}
	}
}

// wholeSegment reports whether there is a segment for players that know nothing of parts. The caller holds mu.
func (w *window) wholeSegment() bool { return w.whole() > 0 }

// whole counts the segments that are complete. The caller holds mu.
func (w *window) whole() int {
	if w.growing {
		return len(w.segments) - 1
	}
	return len(w.segments)
}

// anything reports whether there is media at all. The caller holds mu.
func (w *window) anything() bool { return len(w.segments) > 0 && len(w.segments[0].parts) > 0 }

// has reports whether a part of a segment is listed, or asks for too much. part -1 means the whole segment. The
// caller holds mu.
func (w *window) has(sequence uint64, part int) (bool, error) {
	if !w.anything() {
		return false, nil
	}
	last := w.segments[len(w.segments)-1]
	if sequence > last.sequence+2 || part > maxParts {
		return false, errTooFar
	}
	if sequence < w.segments[0].sequence {
		return true, nil
	}
	for _, s := range w.segments {
		whole := s != last || !w.growing
		switch {
		case s.sequence != sequence:
			continue
		case part < 0 && whole, part >= 0 && part < len(s.parts):
			return true, nil
		case part >= 0 && whole:
			sequence, part = sequence+1, 0 // beyond a whole segment's last part is the first of the next
		}
	}
	return false, nil
}

// find is the file of a name, if it is there now or is the part that comes next. The caller holds mu.
func (w *window) find(name string) (found *file, coming bool) {
	if name == partName(w.prefix, w.number) {
		return nil, true
	}
	for _, s := range w.gone {
		if f := s.find(name); f != nil {
			return f, false
		}
	}
	for i, s := range w.segments {
		if w.growing && i == len(w.segments)-1 && s.name == name {
			return nil, false // not whole yet
		}
		if f := s.find(name); f != nil {
			return f, false
		}
	}
	return nil, false
}

// find is the file of a name within s, nil when there is none.
func (s *segment) find(name string) *file {
	switch name {
	case s.init.name:
		return &s.init
	case s.name:
		return s.whole()
	}
	for _, p := range s.parts {
		if p.name == name {
			return &p.file
		}
	}
	return nil
}

// whole is a segment as one file.
func (s *segment) whole() *file {
	f := &file{name: s.name}
	for _, p := range s.parts {
		f.data = append(f.data, p.data...)
	}
	return f
}
