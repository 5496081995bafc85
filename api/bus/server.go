package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// ErrBus means that the bus cannot be opened; the text names the address and the way out.
var ErrBus = errors.New("bus")

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
	if port == 0 {
		port = server.RANDOM_PORT
	} else if probe, err := net.Listen("tcp", listen); err != nil {
		return nil, fmt.Errorf("%w: %s cannot be listened on: %w (set bus.listen to another port, or bus.url to the NATS that runs there)", ErrBus, listen, err)
	} else {
		_ = probe.Close()
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "shoal", Host: host, Port: port, JetStream: true, StoreDir: filepath.Join(dir, "bus"),
		NoSigs: true, NoSystemAccount: false, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 30,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: embedded NATS: %w", ErrBus, err)
	}
	s.SetLoggerV2(natsLog{log}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(startPatience) {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("%w: embedded NATS on %s is not ready after %v", ErrBus, listen, startPatience)
	}
	return s, nil
}

// natsLog carries the server's log lines: what it notices is detail here.
type natsLog struct{ log *slog.Logger }

func (l natsLog) line(level func(string, ...any), format string, v []any) {
	level("nats: " + strings.TrimSpace(fmt.Sprintf(format, v...)))
}

func (l natsLog) Noticef(format string, v ...any) { l.line(l.log.Debug, format, v) }
func (l natsLog) Warnf(format string, v ...any)   { l.line(l.log.Debug, format, v) }
func (l natsLog) Fatalf(format string, v ...any)  { l.line(l.log.Error, format, v) }
func (l natsLog) Errorf(format string, v ...any)  { l.line(l.log.Warn, format, v) }
func (l natsLog) Debugf(format string, v ...any)  { l.line(l.log.Debug, format, v) }
func (l natsLog) Tracef(format string, v ...any)  { l.line(l.log.Debug, format, v) }
