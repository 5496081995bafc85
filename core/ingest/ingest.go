// Package ingest is the contract of what brings media in: from a MediaMTX path, a camera, a file.
//
// An ingest reads one source, packages what it reads as CMAF fragments, and hands each to its sink as a group
// the moment that it is complete. It decides the cut: one frame to 100 ms of media a group. Audio and video of
// the same span are one fragment. Every clause is a case of ingesttest.Suite.
package ingest

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// Config is what every ingest is given.
type Config struct {
	Source string            // URL or path, in the ingest's own form
	Span   time.Duration     // media time of a group to aim at; 0 means 50 ms; 10 ms to 1 s
	Params map[string]string // the ingest's own, from the config
	Log    *slog.Logger      // nil discards
}

// Ingest reads one source.
type Ingest interface {
	// Run reads until ctx ends (then nil) or the source fails, and returns when all that it started has ended. It is
	// called once. It does not try again: the node does, with back-off. Errors: ErrSource when the source
	// cannot be reached or ended; ErrCodec when a track's codec cannot be carried (the text names track and
	// codec); ErrDenied when the source may not be read.
	Run(ctx context.Context, sink Sink) error
}

// Factory makes an ingest. Errors: ErrConfig, naming the parameter.
type Factory func(Config) (Ingest, error)

// Sink takes what an ingest reads, from one goroutine at a time.
type Sink interface {
	// Tracks describes the media; it comes before the first group and again whenever a track's parameters
	// change, which begins a new epoch: Time starts again at or near 0. init is the fMP4 init segment. The sink owns both.
	Tracks(Media) error
	// Group hands over one fragment: Time, Span, Born, RandomAccess and Payload are set; the sink owns it.
	// The first group after Tracks is a random-access one. Time never goes back. An error means that the
	// sink has ended, and Run returns it.
	Group(chunk.Group) error
}

// Media is what a source carries, for one epoch.
type Media struct {
	Tracks       []chunk.Track
	Init         []byte        // fMP4 init segment of all tracks
	Bitrate      uint64        // bits per second, as expected; 0 when unknown
	RandomAccess time.Duration // between random-access groups, as expected; 0 when unknown
}

// Discoverer finds sources. An ingest that can list what a server offers implements it too.
type Discoverer interface {
	// Discover reports the whole set of sources that are ready, at once and whenever it changes, until ctx
	// ends (then nil). While the server is away it keeps the last set, calls found with Err set on the first
	// failure and on recovery, and goes on trying.
	Discover(ctx context.Context, found func(Found)) error
}

// DiscovererFactory makes a discoverer. Errors: ErrConfig.
type DiscovererFactory func(Config) (Discoverer, error)

// Found is the state of a server.
type Found struct {
	Sources []Source
	Err     error // nil while the server answers
}

// Source is one stream that a server offers.
type Source struct {
	Name   string // stream name: the MediaMTX path
	URL    string // what Config.Source takes
	Access Access
	Reason string // why it is not shared, for people; "" when it is
}

// Access says who may read a source.
type Access uint8

// The answers.
const (
	Public     Access = 1 // anonymous readers may
	Restricted Access = 2 // they may not; not shared unless the config says so
)

var (
	// ErrConfig means that the config of the ingest is wrong: trying again will not help.
	ErrConfig = errors.New("bad ingest configuration")
	// ErrSource means that the source is away or has ended: trying again may help.
	ErrSource = errors.New("source unavailable")
	// ErrCodec means that a track cannot be carried: trying again helps only when the source changes.
	ErrCodec = errors.New("codec not supported")
	// ErrDenied means that the source refuses this reader.
	ErrDenied = errors.New("reading denied")
)
