package host

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/shoal-live/shoal/plugins/bridge"
)

// SkipBackoff lets the next start of every plugin be at once.
func SkipBackoff(h *Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, at := range h.order {
		at.mu.Lock()
		at.notUntil = time.Time{}
		at.mu.Unlock()
	}
}

// OnlyGRPC makes a host offer no data channel to processes that it starts from now on.
func OnlyGRPC(h *Host) { h.onlyGRPC = true }

// Unary makes one unary gRPC call of a host's first process, with a request of about that many bytes.
func Unary(h *Host, request string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.processes {
		_, err := p.remote.Describe(context.Background(), request)
		return err
	}
	return ErrClosed
}

// Connect starts the process of a spec, and gives its gRPC connection, under mutual TLS, and its id.
func Connect(ctx context.Context, h *Host, spec Spec) (grpc.ClientConnInterface, int, error) {
	spec.Kind = bridge.KindTransport
	l, err := h.lease(ctx, spec)
	if err != nil {
		return nil, 0, err
	}
	return l.process.remote.Conn, l.process.cmd.pid(), nil
}
