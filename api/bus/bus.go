package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"github.com/shoal-live/shoal/core/event"
)

// outboxDepth is how many events wait for NATS; more are dropped and counted.
const outboxDepth = 1024

// Config describes a bus.
type Config struct {
	Origin  string       // name of this process in events; default a random one
	URL     string       // of an external NATS; "" for the embedded one
	Listen  string       // of the embedded one; default 127.0.0.1:0
	DataDir string       // folder for the embedded one's store and for leases while NATS is away
	Log     *slog.Logger // nil discards
}

// Bus is a connection to NATS, and the embedded server where there is one. Its methods may be called by several
// goroutines at once.
type Bus struct {
	cfg     Config
	server  *server.Server // nil with an external NATS
	conn    *nats.Conn
	js      jetstream.JetStream
	out     chan outgoing
	stop    context.CancelFunc
	group   sync.WaitGroup
	dropped atomic.Uint64
	leases  leases
}

type outgoing struct {
	at time.Time
	e  event.Event
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
	b := &Bus{cfg: cfg, out: make(chan outgoing, outboxDepth)}
	b.leases.file = leaseFile(cfg.DataDir)
	options := []nats.Option{
		nats.Name("shoal " + cfg.Origin), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.RetryOnFailedConnect(true), nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { cfg.Log.Warn("bus away", "error", err) }),
		nats.ReconnectHandler(func(*nats.Conn) { cfg.Log.Info("bus back") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { cfg.Log.Debug("bus", "error", err) }),
	}
	target := cfg.URL
	if target == "" {
		s, err := startServer(cfg.Listen, cfg.DataDir, cfg.Log)
		if err != nil {
			return nil, err
		}
		b.server, target = s, s.ClientURL()
		options = append(options, nats.InProcessServer(s))
	}
	conn, err := nats.Connect(target, options...)
	if err != nil {
		b.shutdownServer()
		return nil, fmt.Errorf("%w: %s: %w", ErrBus, redact(target), err)
	}
	b.conn = conn
	if b.js, err = jetstream.New(conn); err != nil {
		conn.Close()
		b.shutdownServer()
		return nil, fmt.Errorf("%w: %w", ErrBus, err)
	}
	ctx, b.stop = context.WithCancel(context.WithoutCancel(ctx))
	b.group.Go(func() { b.publish(ctx) })
	return b, nil
}

// URL is where other processes reach the same NATS, without credentials.
func (b *Bus) URL() string {
	if b.server != nil {
		return b.server.ClientURL()
	}
	return redact(b.cfg.URL)
}

// redact takes credentials off a URL.
func redact(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "the URL of the bus"
	}
	u.User = nil
	return u.String()
}

// Connected reports whether NATS answers.
func (b *Bus) Connected() bool { return b.conn.IsConnected() }

// Dropped is how many events were lost because NATS was away or slow.
func (b *Bus) Dropped() uint64 { return b.dropped.Load() }

// Close ends the connection and the embedded server, and returns when both have ended. Events that wait have up to a second.
func (b *Bus) Close() {
	b.stop()
	b.group.Wait()
	if b.conn.IsConnected() {
		_ = b.conn.FlushTimeout(time.Second) // what is lost now is lost
	}
	b.conn.Close()
	b.shutdownServer()
}

func (b *Bus) shutdownServer() {
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
}

// Sink takes events for the bus. It never blocks.
func (b *Bus) Sink() event.Sink {
	return func(e event.Event) {
		select {
		case b.out <- outgoing{time.Now(), e}:
		default:
			b.dropped.Add(1)
		}
	}
}

// publish sends what waits, and the rest when ctx ends.
func (b *Bus) publish(ctx context.Context) {
	for {
		select {
		case o := <-b.out:
			b.publishOne(o)
		case <-ctx.Done():
			for {
				select {
				case o := <-b.out:
					b.publishOne(o)
				default:
					return
				}
			}
		}
	}
}

func (b *Bus) publishOne(o outgoing) {
	subject := Subject(b.cfg.Origin, o.e)
	data, err := json.Marshal(Payload(o.e))
	if err == nil {
		var body []byte
		body, err = json.Marshal(Envelope{ID: nuid.Next(), At: o.at.UTC(), Origin: b.cfg.Origin, Subject: subject, Data: data})
		if err == nil {
			err = b.conn.Publish(subject, body)
		}
	}
	if err != nil {
		b.dropped.Add(1)
	}
}

// Subscribe hands every event on subject (All for all) to f, one at a time, until the returned function is called.
// Malformed payloads are passed over. Errors: ErrBus.
func (b *Bus) Subscribe(subject string, f func(Envelope)) (cancel func(), err error) {
	sub, err := b.conn.Subscribe(subject, func(m *nats.Msg) {
		var e Envelope
		if json.Unmarshal(m.Data, &e) == nil {
			f(e)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("%w: subscribe to %s: %w", ErrBus, subject, err)
	}
	return func() { _ = sub.Unsubscribe() }, nil
}
