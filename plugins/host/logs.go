package host

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	maxLine      = 16 << 10 // bytes of a line that are logged
	maxLines     = 200      // lines a second that are logged; the rest is counted
	rememberLine = 300      // bytes of a line that may tell why a process died
)

// logWriter logs what a process writes, line by line, and remembers what may tell why it died.
type logWriter struct {
	log *slog.Logger

	mu      sync.Mutex
	line    []byte
	second  time.Time
	lines   int
	skipped int
	last    string
	panics  string // the first line of a panic
}

// name has the process id on every record from now on.
func (w *logWriter) name(pid int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = w.log.With("pid", pid)
}

// Write takes any part of the output. It never fails.
func (w *logWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		part := p
		if i >= 0 {
			part = p[:i]
		}
		if room := maxLine - len(w.line); len(part) > room {
			w.line = append(w.line, part[:room]...)
		} else {
			w.line = append(w.line, part...)
		}
		if i < 0 {
			break
		}
		w.emit()
		p = p[i+1:]
	}
	return n, nil
}

// flush logs a last line without an end.
func (w *logWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.emit()
}

// cause is what the process said that may tell why it died, "" for nothing.
func (w *logWriter) cause() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.panics != "" {
		return w.panics
	}
	return w.last
}

func (w *logWriter) emit() {
	line := strings.ToValidUTF8(strings.TrimRight(string(w.line), "\r "), "\uFFFD")
	w.line = w.line[:0]
	if line == "" {
		return
	}
	level, message, attrs := takeApart(line)
	if level >= slog.LevelWarn || line == message { // what it logs in the course of its work does not tell
		w.last = message[:min(len(message), rememberLine)]
	}
	if w.panics == "" && (strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")) {
		w.panics, level = message[:min(len(message), rememberLine)], slog.LevelError
	}
	now := time.Now()
	if now.Sub(w.second) >= time.Second {
		if w.skipped > 0 {
			w.log.Warn("plugin logs too much", "skipped", w.skipped)
		}
		w.second, w.lines, w.skipped = now, 0, 0
	}
	if w.lines++; w.lines > maxLines {
		w.skipped++
		return
	}
	w.log.LogAttrs(context.Background(), level, message, attrs...)
}

// takeApart reads a line of JSON with @level and @message; any other line is its own message.
func takeApart(line string) (slog.Level, string, []slog.Attr) {
	var record map[string]any
	if line[0] != '{' || json.Unmarshal([]byte(line), &record) != nil {
		return slog.LevelInfo, line, nil
	}
	message, ok := record["@message"].(string)
	if !ok {
		return slog.LevelInfo, line, nil
	}
	var level slog.Level
	if text, _ := record["@level"].(string); level.UnmarshalText([]byte(text)) != nil {
		level = slog.LevelDebug // trace, and what is not known
	}
	var attrs []slog.Attr
	for k, v := range record { // order-free: sorted below
		if k != "@message" && k != "@level" && k != "@timestamp" && k != "@module" {
			attrs = append(attrs, slog.Any(k, v))
		}
	}
	slices.SortFunc(attrs, func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
	return level, message, attrs
}
