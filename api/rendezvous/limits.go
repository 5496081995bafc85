package rendezvous

import "time"

// Limits of a server. Those per address count IPv6 by /64.
const (
	MaxMessage       = 384 << 10 // bytes of one message; a descriptor is the largest
	MaxSignal        = 16 << 10  // bytes of one signal
	MaxStreams       = 4096
	MaxMembers       = 200_000 // of all streams
	MaxCandidates    = 24      // of one answer
	MessagesPerSec   = 50      // of one connection, with a burst of twice as many
	JoinsPerSec      = 100     // of one address, with a burst of five times as many
	ConnectionsPerIP = 2000
	OutboxDepth      = 64 // messages that wait for one connection; a connection that is slower is closed

	joinPatience = 5 * time.Second  // for the join message after the challenge
	idlePatience = 30 * time.Second // without a pong
	pingEvery    = 10 * time.Second
	writeTimeout = 5 * time.Second
	streamLinger = time.Hour // a stream without a source is remembered while it has members, and this long
)

// bucket is a token bucket.
type bucket struct {
	tokens float64
	at     time.Time
}

// take takes one token of a bucket that fills at rate a second up to burst.
func (b *bucket) take(now time.Time, rate, burst float64) bool {
	if b.at.IsZero() {
		b.tokens = burst
	} else {
		b.tokens = min(burst, b.tokens+now.Sub(b.at).Seconds()*rate)
	}
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
