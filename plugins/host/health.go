package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/shoal-live/shoal/plugins/bridge"
)

const (
	healthEvery  = 2 * time.Second // between two looks whether a process answers
	healthMisses = 2               // after which it is killed
)

// watch kills a process that does not answer.
func (p *process) watch() {
	t := time.NewTicker(healthEvery)
	defer t.Stop()
	health := grpc_health_v1.NewHealthClient(p.remote.Conn)
	for misses := 0; ; {
		select {
		case <-p.cmd.exited:
			return
		case <-t.C:
		}
		began := time.Now()
		ctx, stop := context.WithTimeout(context.Background(), healthEvery)
		_, err := health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName})
		stop()
		p.place.checked(began, err)
		if err == nil {
			misses = 0
			continue
		}
		if misses++; misses >= healthMisses {
			p.kill(errors.New("it does not answer"))
			return
		}
	}
}

// checked counts a health check.
func (at *place) checked(began time.Time, err error) {
	at.called(began)
	at.mu.Lock()
	defer at.mu.Unlock()
	if err != nil {
		at.misses++
	}
}

// trouble kills a process whose instance does not end, for it would hold what it has for ever, or that breaks the protocol,
// for the next instance would too: so it counts as a failure.
func (p *process) trouble(err error) {
	if errors.Is(err, bridge.ErrProtocol) {
		err = fmt.Errorf("%w; tell its author", err)
	}
	p.kill(err)
}
