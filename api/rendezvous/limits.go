package rendezvous

import (
	"cmp"
	"time"
)

// Limits of the protocol. What is larger ends the connection.
const (
	MaxMessage     = 384 << 10 // bytes of one message to a client, or of one from a source: a descriptor is the largest
	MaxSmall       = 32 << 10  // bytes of one message from anybody else, and of the first one
	MaxSignal      = 16 << 10  // bytes of one signal
	MaxCandidates  = 16        // of one answer
	MaxFeeds       = 64        // peers named in one report; further ones are ignored
	MessagesPerSec = 50        // of one connection, with a burst of four times as many; further ones are read later
	RequestsPerSec = 100       // of plain HTTP from one address, with a burst of ten times as many; further ones get 429
)

// What waits for one connection; see outbox.
const (
	maxSignals     = 64        // signals
	maxSignalBytes = 128 << 10 // bytes of them
	maxPunches     = 16
	maxWords       = 64 // accusations, and members accused
)

const (
	joinPatience  = 5 * time.Second  // for the join message after the challenge
	idlePatience  = 30 * time.Second // without any message, at either end
	timeEvery     = 10 * time.Second // between two time messages of a client
	writePatience = 10 * time.Second // for one message to leave
	lastPatience  = time.Second      // for the other end to take the last message and hang up
	reportSoonest = time.Second      // between two reports; sooner ones are ignored
	reportEvery   = 2 * time.Second  // that clients are asked for, in small swarms
	reportsPerSec = 10_000           // of all members, by which that grows in large ones
	rejoinsPerSec = 2000             // that a restarted server is spared, by spreading its members
	offerEvery    = 3 * time.Second  // between two unasked introductions of a member that is short of neighbours
	offerBelow    = 4                // neighbours
	streamLinger  = 15 * time.Minute // a name without a source stays its publisher's while it has members, and this long
	showEvery     = time.Second      // between two looks at all members of a stream, for pages
	maxShown      = 64               // members on a page
)

// Limits bound what one server takes on. A zero field means the default. IPv6 addresses count by /64.
type Limits struct {
	Streams    int // default 4096
	Members    int // of all streams, and open connections; default 200,000
	PerAddress int // connections of one address; default 2000
	Joins      int // connections a second from one address, with a burst of five times as many; default 100
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Streams: cmp.Or(l.Streams, 4096), Members: cmp.Or(l.Members, 200_000),
		PerAddress: cmp.Or(l.PerAddress, 2000), Joins: cmp.Or(l.Joins, 100),
	}
}

// bucket is a token bucket.
type bucket struct {
	tokens float64
	at     time.Time
}

// take takes one token of a bucket that fills at rate a second up to burst.
func (b *bucket) take(now time.Time, rate, burst float64) bool {
	b.fill(now, rate, burst)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// wait takes one token, and answers how long its holder must wait for it.
func (b *bucket) wait(now time.Time, rate, burst float64) time.Duration {
	b.fill(now, rate, burst)
	b.tokens--
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / rate * float64(time.Second))
}

func (b *bucket) fill(now time.Time, rate, burst float64) {
	if b.at.IsZero() {
		b.tokens = burst
	} else {
		b.tokens = min(burst, b.tokens+now.Sub(b.at).Seconds()*rate)
	}
	b.at = now
}
