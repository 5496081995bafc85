package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// ErrBus means that the bus cannot be opened, or is away; the text names the address and the way out.
var ErrBus = errors.New("bus")

// Config describes a bus.
type Config struct {
	Origin  string       // name of this process in events and records; default a random one
	URL     string       // of an external NATS, or of several of a cluster with commas between; "" for the embedded one
	Listen  string       // of the embedded one, on loopback; default 127.0.0.1:0
	DataDir string       // folder for the embedded one's store, and for leases while NATS is away; "" only with a URL
	Log     *slog.Logger // nil discards
}

// Bus is a connection to NATS, and the embedded server where there is one. Its methods may be called by several
// goroutines at once, and end with errors after Close.
type Bus struct {
	cfg      Config
	server   *server.Server // nil with an external NATS
	conn     *nats.Conn
	js       jetstream.JetStream
	out      chan outgoing
	back     chan struct{} // NATS answers again
	stop     context.CancelFunc
	group    sync.WaitGroup
	dropped  atomic.Uint64
	leases   leases
	registry registry
}

// Open connects to NATS, or starts the embedded one. An external NATS that does not answer yet is no error: it is
// tried for ever. Errors: ErrBus.
func Open(ctx context.Context, cfg Config) (*Bus, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Origin == "" {
		cfg.Origin = nuid.Next()
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	b := &Bus{cfg: cfg, out: make(chan outgoing, outboxDepth), back: make(chan struct{}, 1)}
	b.leases.file = leaseFile(cfg.DataDir)
	b.registry.init()
	if err := b.connect(); err != nil {
		b.shutdownServer()
		return nil, err
	}
	ctx, b.stop = context.WithCancel(context.WithoutCancel(ctx))
	b.group.Go(func() { b.publish(ctx) })
	b.group.Go(func() { b.keep(ctx) })
	return b, nil
}

// connect starts the embedded server where there is to be one, and connects.
func (b *Bus) connect() (err error) {
	target := b.cfg.URL
	options := b.options()
	if target == "" {
		if b.server, err = startServer(b.cfg.Listen, b.cfg.DataDir, b.cfg.Log); err != nil {
			return err
		}
		target = b.server.ClientURL()
		options = append(options, nats.InProcessServer(b.server))
	} else if err := checkURL(target); err != nil {
		return err
	}
	b.conn, err = nats.Connect(target, options...)
	if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked) {
		return fmt.Errorf("%w: %s does not let us in: %w (check user and password, or the token, in bus.url)", ErrBus, redact(target), err)
	}
	if err != nil { // it is away: from now on it is tried for ever
		b.cfg.Log.Warn("bus away: events wait, epochs come from the data folder", "bus", redact(target), "error", err)
		b.conn, err = nats.Connect(target, append(options, nats.RetryOnFailedConnect(true))...)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrBus, redact(target), err)
	}
	if b.js, err = jetstream.New(b.conn); err != nil {
		b.conn.Close()
		return fmt.Errorf("%w: %w", ErrBus, err)
	}
	return nil
}

// options let the connection come back for ever, whatever happens to NATS.
func (b *Bus) options() []nats.Option {
	log := b.cfg.Log
	back := func(*nats.Conn) {
		log.Info("bus answers")
		select {
		case b.back <- struct{}{}:
		default:
		}
		b.registry.nudge()
	}
	return []nats.Option{
		nats.Name("shoal " + b.cfg.Origin), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.IgnoreAuthErrorAbort(),                                     // a server may come back with the right users later
		nats.ReconnectBufSize(-1),                                       // what waits is in our queue, where it is counted
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2), // a silent partition shows within 15 s
		nats.ConnectHandler(back), nats.ReconnectHandler(back),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("bus away", "error", err)
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			level := slog.LevelDebug
			if errors.Is(err, nats.ErrSlowConsumer) {
				level = slog.LevelWarn
			}
			log.Log(context.Background(), level, "bus", "error", err)
		}),
	}
}

// URL is where other processes reach the same NATS, without credentials.
func (b *Bus) URL() string {
	if b.server != nil {
		return b.server.ClientURL()
	}
	return redact(b.cfg.URL)
}

// Connected reports whether NATS answers.
func (b *Bus) Connected() bool { return b.conn.IsConnected() }

// Dropped is how many events were lost because NATS was away or slow.
func (b *Bus) Dropped() uint64 { return b.dropped.Load() }

// Close takes this origin's streams out of the registry, sends the events that wait, ends the connection and the embedded
// server, and returns when both have ended. While NATS answers it takes up to two seconds for that, and none while it is away.
func (b *Bus) Close() {
	b.stop()
	b.group.Wait()
	if b.conn.IsConnected() {
		b.withdraw()
		_ = b.conn.FlushTimeout(closePatience) // what is lost now is lost
	}
	b.conn.Close()
	b.shutdownServer()
}

// closePatience is for the last words at Close, each.
const closePatience = time.Second

func (b *Bus) shutdownServer() {
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
}
