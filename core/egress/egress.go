// Package egress is the contract of what hands a stream on to players: LL-HLS, RTSP, a pipe, another server.
//
// The node feeds an egress verified groups in order, one stream an instance. Every clause is a case of
// egresstest.Suite.
package egress

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// Config is what every egress is given.
type Config struct {
	Stream string            // the stream's name
	Listen string            // address to bind, or URL to publish to, in the egress's own form; "" for its default
	Params map[string]string // the egress's own, from the config
	Log    *slog.Logger      // nil discards
}

// Pacing says when an egress wants its groups.
type Pacing uint8

// The choices.
const (
	AsComplete Pacing = 1 // in order, as soon as complete: the player buffers by itself
	AtPlayout  Pacing = 2 // in order, when due by the engine's adaptive playout
)

// Egress hands one stream on.
type Egress interface {
	// Pacing is constant.
	Pacing() Pacing
	// Run binds, calls ready once with the URLs at which it can be played (none for a pipe), and takes items
	// from feed until ctx ends or feed is closed (then nil) or the output fails. It is called once and returns when all that
	// it started has ended. It never lets feed wait for a player: a player that is too slow loses items or
	// its connection. Media before the first Begin, and a group or an epoch that it cannot use, are passed over and
	// logged, not errors. Errors: ErrOutput.
	Run(ctx context.Context, feed <-chan Item, ready func(urls []string)) error
}

// Factory makes an egress. Errors: ErrConfig, naming the parameter.
type Factory func(Config) (Egress, error)

// Item is one of the structs below, by value. The set is closed.
type Item interface{ item() }

// Begin starts an epoch: what follows is described by Descriptor. Comes first, and again when tracks change.
type Begin struct {
	Descriptor *chunk.Descriptor // read only
}

// Media is one group, complete and verified. Payload is read only and shared.
type Media struct {
	Group chunk.Group
	Due   time.Time // when it is to be played by the engine's playout
}

// Gap tells that media is missing, for good: what follows starts at Resume. Video cannot be decoded until
// the next random-access group; audio can at once.
type Gap struct {
	From, Resume time.Duration // media time
}

func (Begin) item() {}
func (Media) item() {}
func (Gap) item()   {}

var (
	// ErrConfig means that the config of the egress is wrong: trying again will not help.
	ErrConfig = errors.New("bad egress configuration")
	// ErrOutput means that the output failed: a port in use, a server gone, a pipe closed.
	ErrOutput = errors.New("output failed")
)

// Each hands the items of a feed to take until it is closed or ctx ends: a Run for those who need no more.
func Each(ctx context.Context, feed <-chan Item, take func(Item)) {
	for {
		select {
		case <-ctx.Done():
			return
		case item, ok := <-feed:
			if !ok {
				return
			}
			take(item)
		}
	}
}
