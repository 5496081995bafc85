package rendezvous

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/shoal-live/shoal/core/node"
)

const (
	retryFirst      = 200 * time.Millisecond
	retrySource     = time.Second // at most, by a source
	retryWaiting    = 2 * time.Second
	retryMost       = 5 * time.Second
	retryRare       = 30 * time.Second // where the server has said no, and may change its mind
	maxSpread       = time.Minute
	unknownPatience = 10 * time.Second // for an unknown stream, at the first join
)

// backoff says when a client tries again.
type backoff struct {
	delay, most time.Duration
	joined      bool      // once at least
	failed      int       // attempts since the last session
	unknown     time.Time // since when the server knows no such stream
}

// next is how long to wait after a session that ended with err.
func (b *backoff) next(s *session, err error) time.Duration {
	most := b.most
	b.joined = b.joined || s.joined
	switch unknown := errors.Is(err, node.ErrUnknownStream); {
	case s.joined: // everybody has lost the server at once
		b.delay, b.failed, b.unknown = retryFirst, 0, time.Time{}
	case unknown && b.unknown.IsZero(): // it is back: so will the source be
		b.delay, b.unknown = retryFirst, time.Now()
	case unknown && b.joined:
		most = retryRare
	case unknown: // somebody waits for it to begin
		most = retryWaiting
	default:
		b.unknown = time.Time{}
	}
	b.failed++
	pause := b.delay/2 + rand.N(max(b.delay/2, s.spread))
	b.delay = min(2*b.delay, most)
	if errors.Is(err, errReplaced) { // by another process with this key, which would be replaced in turn
		return retryRare/2 + rand.N(retryRare)
	}
	return pause
}

// hopeless reports whether the stream that was never joined has been unknown for long enough.
func (b *backoff) hopeless() bool {
	return !b.joined && !b.unknown.IsZero() && time.Since(b.unknown) > unknownPatience
}
