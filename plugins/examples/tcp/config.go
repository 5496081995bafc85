package main

import (
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

const (
	scheme      = "tcp"
	defaultPort = 9891

	maxChunk = 1400 // bytes; a frame is one segment at the usual MTU
	overhead = ipv4Headers + recordOverhead + messageHeader

	ipv4Headers    = 52 // bytes of IPv4, TCP and its timestamps
	ipv6Headers    = 72
	recordOverhead = 22 // bytes that TLS 1.3 adds to a record: header 5, type 1, authentication 16

	greetTimeout = 5 * time.Second // of a handshake that another node began
	dialTimeout  = 9 * time.Second // the contract allows 10 s
	dialStagger  = 250 * time.Millisecond
	linger       = 300 * time.Millisecond // for the bye to leave
	brokenFor    = time.Second            // that a link outlives its connection

	tickEvery  = 100 * time.Millisecond
	pingEvery  = 10 // ticks
	silentFor  = 30 // ticks; they are counted, so that a process that was stopped blames nobody
	queueTime  = 10 * time.Millisecond
	mostQueued = 32 << 10 // bytes of chunk frames, unless two frames are more
	maxWaiting = 1 << 20  // bytes of control frames

	maxDials   = 64
	maxTargets = 8 // addresses of one dial

	maxShaking      = 256 // handshakes under way that others began
	maxShakingOfOne = 64
	failedFor       = 500 * time.Millisecond // that a failed one keeps its place
)

// settings are the validated configuration.
type settings struct {
	identity    *identity
	listen      string
	maxIncoming int
	log         *slog.Logger
}

// newSettings checks what the config says. Errors: ErrConfig.
func newSettings(cfg *transport.Config) (settings, error) {
	s := settings{listen: cfg.Listen, maxIncoming: 256, log: cfg.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for _, key := range slices.Sorted(maps.Keys(cfg.Params)) {
		value := cfg.Params[key]
		if key != "maxIncoming" {
			return s, fmt.Errorf("%w: params: unknown key %q (have: maxIncoming)", ErrConfig, key)
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > 4096 {
			return s, fmt.Errorf("%w: params.maxIncoming: %q is not a number from 1 to 4096", ErrConfig, value)
		}
		s.maxIncoming = n
	}
	if len(cfg.Identity) != ed25519.PrivateKeySize {
		return s, fmt.Errorf("%w: identity: no Ed25519 private key", ErrConfig)
	}
	var err error
	s.identity, err = newIdentity(cfg.Identity)
	return s, err
}
