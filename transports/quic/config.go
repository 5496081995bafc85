package quic

import (
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/quic/impair"
)

const (
	scheme      = "quic"
	defaultPort = 9890

	// packetSize bounds the UDP payload of every packet, in bytes. Every path of QUIC carries it.
	packetSize = 1200
	// frameOverhead is what a datagram adds to a frame, in bytes: flags 1, connection id 4, packet number 2,
	// datagram type and length 3, authentication 16.
	frameOverhead = 26
	// maxChunk leaves room for an acknowledgement in the packet of a frame.
	maxChunk = 1090

	ipv4Headers = 28 // bytes of IPv4 and UDP
	ipv6Headers = 48 // bytes of IPv6 and UDP
)

const (
	idleTimeout      = 2500 * time.Millisecond
	keepAlive        = time.Second
	handshakeTimeout = 4 * time.Second // of silence; twice that in all
	helloTimeout     = 5 * time.Second
	dialTimeout      = 9 * time.Second // the contract allows 10 s
	dialStagger      = 250 * time.Millisecond
	usageEvery       = 100 * time.Millisecond
	measureEvery     = 10 // ticks of usageEvery

	maxDials     = 256
	maxPunches   = 64
	maxTargets   = 8       // addresses of one dial
	maxWaiting   = 1 << 20 // bytes of control frames
	maxUnproved  = 64      // handshakes under way before addresses must be proved
	handshakeAll = 256     // handshakes of one address at once
	handshakeSec = 64      // and a second
)

// chunkMode is how one end sends chunk frames. The values travel in the hello.
type chunkMode uint8

const (
	asDatagrams chunkMode = 1 // QUIC datagrams
	asStream    chunkMode = 2 // one QUIC stream
	asPackets   chunkMode = 3 // sealed packets beside the connection
)

// settings are the validated configuration.
type settings struct {
	key         ed25519.PrivateKey
	listen      string
	chunks      chunkMode
	maxIncoming int
	impair      impair.Config
	log         *slog.Logger
}

func newSettings(cfg *transport.Config) (settings, error) {
	s := settings{key: cfg.Identity, listen: cfg.Listen, chunks: asPackets, maxIncoming: 256, log: cfg.Log}
	if len(cfg.Identity) != ed25519.PrivateKeySize {
		return s, fmt.Errorf("%w: identity: no Ed25519 private key", ErrConfig)
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	keys := make([]string, 0, len(cfg.Params))
	for k := range cfg.Params { // order-free: sorted below
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		switch v := cfg.Params[k]; k {
		case "chunks":
			mode, ok := map[string]chunkMode{"datagram": asDatagrams, "stream": asStream, "packet": asPackets}[v]
			if !ok {
				return s, fmt.Errorf("%w: params.chunks: no %q (have: datagram, packet, stream)", ErrConfig, v)
			}
			s.chunks = mode
		case "maxIncoming":
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 || n > 4096 {
				return s, fmt.Errorf("%w: params.maxIncoming: %q is not a number from 1 to 4096", ErrConfig, v)
			}
			s.maxIncoming = n
		case "impair":
			var err error
			if s.impair, err = impair.Parse(v); err != nil {
				return s, fmt.Errorf("%w: params.impair: %w", ErrConfig, err)
			}
		default:
			return s, fmt.Errorf("%w: params: unknown key %q (have: %s)", ErrConfig, k, "chunks, impair, maxIncoming")
		}
	}
	return s, nil
}

// side says which end of a connection a configuration is for.
type side uint8

const (
	listening side = 0
	dialing   side = 1
)

// quicConfig is what quic-go is given.
func quicConfig(s side) *quic.Config {
	c := &quic.Config{
		HandshakeIdleTimeout:           handshakeTimeout,
		MaxIdleTimeout:                 idleTimeout,
		KeepAlivePeriod:                keepAlive,
		InitialStreamReceiveWindow:     128 << 10,
		MaxStreamReceiveWindow:         2 << 20,
		InitialConnectionReceiveWindow: 192 << 10,
		MaxConnectionReceiveWindow:     3 << 20,
		MaxIncomingStreams:             1,
		MaxIncomingUniStreams:          1,
		InitialPacketSize:              packetSize,
		DisablePathMTUDiscovery:        true,
		EnableDatagrams:                true,
	}
	if s == dialing {
		c.MaxIncomingStreams = -1
	}
	return c
}
