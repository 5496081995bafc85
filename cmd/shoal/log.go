package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/shoal-live/shoal/cmd/shoal/config"
)

// newLog writes to w in the format and from the level that the config names.
func newLog(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo // the config was validated
	}
	return newLogAt(w, l, format)
}

// newLogAt writes to w from a level that may change.
func newLogAt(w io.Writer, level slog.Leveler, format string) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// ownPlugins is the command that starts a built-in plugin of this binary.
func ownPlugins() ([]string, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return []string{path, "plugin", "serve"}, nil
}

// parseRate is a flag's rate.
func parseRate(flag, text string) (config.Rate, error) {
	r, err := config.ParseRate(text)
	if err != nil {
		return 0, flagError(flag, err)
	}
	return r, nil
}
