package bus

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startPatience is how long the embedded server may take to begin.
const startPatience = 10 * time.Second

// startServer starts the embedded NATS on a loopback listener, with JetStream in dir.
func startServer(listen, dir string, log *slog.Logger) (*server.Server, error) {
	host, portText, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("%w: bus.listen %q: %w", ErrBus, listen, err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("%w: bus.listen %q: the port is no number", ErrBus, listen)
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%w: bus.listen %s is not on loopback, and the embedded NATS lets everybody in: use 127.0.0.1, or set bus.url to a NATS of yours that asks for passwords", ErrBus, listen)
	}
	if dir == "" {
		return nil, fmt.Errorf("%w: the embedded NATS needs a data folder", ErrBus)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	} else if probe, err := net.Listen("tcp", listen); err != nil {
		return nil, fmt.Errorf("%w: %s cannot be listened on: %w (set bus.listen to another port, or bus.url to the NATS that runs there)", ErrBus, listen, err)
	} else {
		_ = probe.Close()
	}
	store := filepath.Join(dir, "bus")
	if err := os.MkdirAll(store, 0o700); err != nil {
		return nil, fmt.Errorf("%w: the embedded NATS keeps its data in %s: %w", ErrBus, store, err)
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "shoal", Host: host, Port: port, JetStream: true, StoreDir: store,
		NoSigs: true, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 30,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: embedded NATS: %w", ErrBus, err)
	}
	fatal := make(chan string, 1)
	s.SetLoggerV2(natsLog{log, fatal}, false, false, false)
	s.Start()
	for deadline := time.Now().Add(startPatience); !s.ReadyForConnections(100 * time.Millisecond); {
		cause := ""
		select {
		case cause = <-fatal:
		default:
			if time.Now().After(deadline) {
				cause = fmt.Sprintf("it is not ready after %v", startPatience)
			}
		}
		if cause != "" {
			s.Shutdown()
			s.WaitForShutdown()
			return nil, fmt.Errorf("%w: embedded NATS on %s, with its data in %s: %s", ErrBus, listen, store, cause)
		}
	}
	return s, nil
}

// natsLog carries the server's log lines: what it notices is detail here.
type natsLog struct {
	log   *slog.Logger
	fatal chan<- string // the first reason for which it cannot run
}

func (l natsLog) line(level func(string, ...any), format string, v []any) {
	level("nats: " + strings.TrimSpace(fmt.Sprintf(format, v...)))
}

func (l natsLog) Noticef(format string, v ...any) { l.line(l.log.Debug, format, v) }
func (l natsLog) Warnf(format string, v ...any)   { l.line(l.log.Debug, format, v) }
func (l natsLog) Fatalf(format string, v ...any) {
	l.line(l.log.Error, format, v)
	select {
	case l.fatal <- fmt.Sprintf(format, v...):
	default:
	}
}
func (l natsLog) Errorf(format string, v ...any) { l.line(l.log.Warn, format, v) }
func (l natsLog) Debugf(format string, v ...any) { l.line(l.log.Debug, format, v) }
func (l natsLog) Tracef(format string, v ...any) { l.line(l.log.Debug, format, v) }
