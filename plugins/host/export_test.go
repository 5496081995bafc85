package host

import (
	"context"
	"slices"
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

// Unary makes one unary gRPC call of one of a host's processes, with a request of about that many bytes.
func Unary(h *Host, request string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.processes {
		if p.remote == nil {
			continue // it is starting
		}
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

// FillReserves has every place that is to have a process in reserve start it now, and waits until that is over.
func FillReserves(h *Host) {
	h.mu.Lock()
	places := slices.Clone(h.order)
	h.mu.Unlock()
	for _, at := range places {
		at.reserveNow()
		tick := time.NewTicker(time.Millisecond)
		for at.filling() {
			<-tick.C
		}
		tick.Stop()
	}
}

func (at *place) filling() bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.reserve.starting
}

// AgeReserves makes what is in reserve an hour older.
func AgeReserves(h *Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, at := range h.order {
		at.mu.Lock()
		if p := at.reserve.process; p != nil {
			p.began = p.began.Add(-time.Hour)
		}
		at.mu.Unlock()
	}
}
