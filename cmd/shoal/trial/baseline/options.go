package baseline

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Way is how the readers read.
type Way int

// The ways.
const (
	RTSP  Way = iota // over TCP
	LLHLS            // low-latency HLS, as fast as a player could
)

func (w Way) String() string {
	switch w {
	case RTSP:
		return "RTSP"
	case LLHLS:
		return "LL-HLS"
	}
	return fmt.Sprintf("Way(%d)", int(w))
}

// Options of a run. URL, Readers and For are needed.
type Options struct {
	Way Way // default: RTSP

	// URL of the path: rtsp://host:port/path, or http://host:port/path/index.m3u8.
	URL string

	// Readers is their number; at least 1.
	Readers int

	// Join is the time over which they come, evenly spread; default: all at once.
	Join time.Duration

	// For is the length of the window that is measured, after Join; more than 2 s.
	For time.Duration

	// Server is what is read, to be measured beside the readers; default: not measured.
	Server Server

	// Log gets at Debug level what readers that end say; default: none.
	Log *slog.Logger
}

func (o Options) withDefaults() (Options, error) {
	switch {
	case o.Way != RTSP && o.Way != LLHLS:
		return o, fmt.Errorf("baseline: Options.Way: no %v (have: RTSP, LLHLS)", o.Way)
	case o.URL == "":
		return o, errors.New("baseline: Options.URL is empty (name the path that is read)")
	case o.Readers < 1:
		return o, fmt.Errorf("baseline: Options.Readers is %d (at least 1)", o.Readers)
	case o.Join < 0:
		return o, fmt.Errorf("baseline: Options.Join is %v (0 has all come at once)", o.Join)
	case o.For <= 2*patience:
		return o, fmt.Errorf("baseline: Options.For is %v (more than %v, or hardly anything is due)", o.For, 2*patience)
	case o.Server.API != "" && o.Server.Path == "":
		return o, errors.New("baseline: Options.Server.Path is empty (name the path as the control API does)")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}
