package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/plugins/bridge"
)

const (
	restartFirst = 100 * time.Millisecond // from a death to the next start, unless the process lived for restartSoon
	restartMost  = 5 * time.Second
	restartSoon  = time.Second     // of health, after which the next start is at once, and the back-off begins anew
	restartReset = 3 * time.Second // of health, after which the failures before do not count
	breakAfter   = 8               // failures in a row, until the breaker opens
	breakFor     = 30 * time.Second
	lingerFor    = 2 * time.Second // a shared process that nobody uses, until it is ended
)

// place is where the processes of one spec run, one after the other, or one for each transport.
type place struct {
	host   *Host
	spec   Spec
	shared bool // instances share one process

	mu       sync.Mutex
	current  *process      // of a shared place: ready and alive, or nil
	starting chan struct{} // of a shared place: closed when the start under way is over
	refs     int           // instances in current
	idle     *time.Timer   // ends current when nobody has used it for lingerFor
	reserve  reserve       // of one that is not shared

	restarts int
	calls    report.Histogram // of what called was told, in microseconds
	misses   int              // health checks that were not answered
	diedAt   time.Time        // the last death that was not made good yet
	failures int              // in a row
	delay    time.Duration
	notUntil time.Time // the back-off
	open     time.Time // the breaker is open until then
	last     error     // failure

	// Of the newest process that was ready.
	about        bridge.Description
	capabilities []string
	ready        time.Duration
	since        time.Time
}

// at is the place of a spec.
func (h *Host) at(s Spec, shared bool) (*place, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	key := s.key()
	p := h.places[key]
	if p == nil {
		p = &place{host: h, spec: s, shared: shared}
		h.places[key] = p
		h.order = append(h.order, p)
	}
	return p, nil
}

// acquire gives a process that is ready, starting one after the back-off where needed. The caller releases it.
// Errors: those of launch, ErrBroken.
func (at *place) acquire(ctx context.Context) (*process, error) {
	for {
		at.mu.Lock()
		if !at.shared {
			at.mu.Unlock()
			p, err := at.begin(ctx)
			if err == nil {
				at.use()
			}
			return p, err
		}
		if at.current != nil {
			at.refs++
			if at.idle != nil {
				at.idle.Stop()
			}
			p := at.current
			at.mu.Unlock()
			return p, nil
		}
		if wait := at.starting; wait != nil {
			at.mu.Unlock()
			select {
			case <-wait:
				continue
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		over := make(chan struct{})
		at.starting = over
		at.mu.Unlock()

		p, err := at.begin(ctx)
		at.mu.Lock()
		at.starting = nil
		if err == nil && !p.over() {
			at.current, at.refs = p, 1
		}
		at.mu.Unlock()
		close(over)
		return p, err
	}
}

// over reports whether the process has ended.
func (p *process) over() bool {
	select {
	case <-p.cmd.exited:
		return true
	default:
		return false
	}
}

// begin starts a process once back-off and breaker allow it.
func (at *place) begin(ctx context.Context) (*process, error) {
	at.mu.Lock()
	wait, open, last, failures := time.Until(at.notUntil), time.Until(at.open), at.last, at.failures
	at.mu.Unlock()
	if open > 0 {
		// What the last failure says of the plugin's name is said already.
		cause := strings.TrimPrefix(strings.TrimPrefix(last.Error(), ErrStart.Error()+": "), at.spec.String()+": ")
		return nil, fmt.Errorf("%w: %s: %d times in a row, last: %s (tried again in %v, or at once after POST /v3/plugins/reset/%s/%s)",
			ErrBroken, &at.spec, failures, cause, open.Round(time.Second), at.spec.Kind, at.spec.Name)
	}
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-at.host.ended:
			return nil, ErrClosed
		}
	}
	if p := at.takeReserve(); p != nil {
		return p, nil
	}
	p, err := at.host.launch(ctx, at, inUse)
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) {
		at.failed(err, 0)
	}
	return p, err
}

// failed counts a failure after some time of health, and sets when the next start may be.
func (at *place) failed(cause error, healthy time.Duration) {
	now := time.Now()
	at.mu.Lock()
	defer at.mu.Unlock()
	if healthy >= restartReset {
		at.failures = 0
	}
	if healthy > 0 {
		at.diedAt = now
	}
	at.last = cause
	at.failures++
	if healthy >= restartSoon {
		at.delay = 0 // at once, which those who play do not notice
	} else {
		at.delay = min(max(restartFirst, 2*at.delay), restartMost)
		at.notUntil = now.Add(at.delay)
	}
	if at.failures >= breakAfter {
		at.open = now.Add(breakFor)
	}
}

// wait is how long no other process is started.
func (at *place) wait() time.Duration {
	at.mu.Lock()
	defer at.mu.Unlock()
	return max(0, time.Until(at.notUntil), time.Until(at.open))
}

// reset forgets the failures.
func (at *place) reset() {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.failures, at.delay, at.notUntil, at.open = 0, 0, time.Time{}, time.Time{}
}

// forget takes a process that has ended out of its place.
func (at *place) forget(p *process) {
	at.mu.Lock()
	defer at.mu.Unlock()
	if at.current == p {
		at.current, at.refs = nil, 0
	}
}

// release gives a process back: it is ended once nobody uses it, a shared one after lingerFor.
func (at *place) release(p *process) {
	if !at.shared {
		p.end()
		if p.over() {
			<-p.told // so that its death counts, and is told, before whatever takes its place
		}
		at.unuse()
		return
	}
	at.mu.Lock()
	defer at.mu.Unlock()
	if at.current != p {
		return // it has ended
	}
	if at.refs--; at.refs > 0 {
		return
	}
	at.idle = time.AfterFunc(lingerFor, func() {
		at.mu.Lock()
		unused := at.current == p && at.refs == 0
		if unused {
			at.current = nil
		}
		at.mu.Unlock()
		if unused {
			p.end()
		}
	})
}
