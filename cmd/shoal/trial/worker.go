package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/rpc"
	"slices"
	"sync"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/serve"
	"github.com/shoal-live/shoal/cmd/shoal/trial/frames"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/transports/quic/impair"
)

// service is what the crew's calls begin with.
const service = "Worker"

// Worker is one process of the crew. Its methods are called by the conductor, many at once.
type Worker struct {
	ctx     context.Context
	group   sync.WaitGroup
	command []string
	log     *slog.Logger

	mu      sync.Mutex
	viewers map[int]*viewer
	joining map[int]chan struct{} // closed when the call to join has ended
	server  *serve.Server
}

// viewer is one that a worker runs; a helper is one too.
type viewer struct {
	role    swarm.Role
	viewer  *watch.Viewer
	carrier *carrier
	output  *frames.Output // nil when its frames are not kept
	epochs  *epochs        // nil when nobody asks for them
	cancel  context.CancelFunc
	ended   chan struct{}
	final   Measured // once it has been told to end
	over    bool
	failed  error // once ended is closed
}

// Work serves the conductor at the other end of conn until it hangs up or ctx ends, and returns when all nodes have ended.
// command starts this binary's own plugins.
func Work(ctx context.Context, conn io.ReadWriteCloser, command []string, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &Worker{ctx: ctx, command: command, log: log, viewers: make(map[int]*viewer), joining: make(map[int]chan struct{})}
	server := rpc.NewServer()
	if err := server.RegisterName(service, &Calls{w}); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	server.ServeConn(heard{conn, cancel}) // it waits for the calls under way, which end with ctx
	cancel()
	w.group.Wait()
	return nil
}

// heard is a connection to the conductor, and what happens when he hangs up.
type heard struct {
	io.ReadWriteCloser
	over context.CancelFunc
}

// Read implements io.Reader.
func (h heard) Read(b []byte) (int, error) {
	n, err := h.ReadWriteCloser.Read(b)
	if err != nil {
		h.over()
	}
	return n, err
}

// Calls are the calls that a Worker takes.
type Calls struct{ w *Worker }

// Serve starts the source, and answers when the stream is live.
func (c *Calls) Serve(call ServeCall, answer *ServeAnswer) error {
	w := c.w
	live := make(chan string, 1)
	server, err := serve.Open(w.ctx, serve.Options{
		Config: call.Config, Version: "trial", Command: w.command, Log: w.log,
		Announce: func(_, url string) {
			select {
			case live <- url:
			default:
			}
		},
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.server = server
	w.mu.Unlock()
	ended := make(chan error, 1)
	w.group.Go(func() { ended <- server.Run(w.ctx) })
	patient := time.NewTimer(call.Patient)
	defer patient.Stop()
	select {
	case answer.URL = <-live:
		return nil
	case err := <-ended:
		return fmt.Errorf("the source ended at once: %w", err)
	case <-w.ctx.Done():
		return w.ctx.Err()
	case <-patient.C:
		for _, s := range server.Streams() {
			return fmt.Errorf("the stream is not live after %v: %s: %s", call.Patient, s.Name, s.Reason)
		}
		return fmt.Errorf("the stream is not live after %v: MediaMTX lists no path", call.Patient)
	}
}

// Join starts a viewer or a helper, and answers when it has found the stream.
func (c *Calls) Join(call JoinCall, _ *Nothing) error {
	w := c.w
	joined := make(chan struct{})
	defer close(joined)
	w.mu.Lock()
	w.joining[call.Viewer] = joined
	w.mu.Unlock()
	v := &viewer{role: call.Role, carrier: &carrier{begun: make(chan struct{})}, ended: make(chan struct{})}
	v.carrier.vice.Store(uint32(call.Vice))
	var taps []node.Output
	if call.Record > 0 {
		v.output = frames.NewOutput(call.Record)
		taps = append(taps, v.output.Tap("frames"))
	}
	if call.Restarts {
		v.epochs = new(epochs)
		taps = append(taps, v.epochs.tap())
	}
	var err error
	v.viewer, err = watch.Open(w.ctx, watch.Options{
		URL: call.URL, Role: call.Role, Listen: "127.0.0.1:0", Uplink: call.Uplink, Transport: call.Transport, Policy: call.Policy,
		Isolation: call.Isolation, Command: w.command, Carry: v.carrier.life, Taps: taps,
		Log: w.log.With(call.Role.String(), call.Viewer),
	})
	if err != nil {
		return fmt.Errorf("%v %d: %w", call.Role, call.Viewer, err)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	v.cancel = cancel
	w.mu.Lock()
	w.viewers[call.Viewer] = v
	w.mu.Unlock()
	w.group.Go(func() {
		defer close(v.ended)
		if err := v.viewer.Run(ctx); err != nil && ctx.Err() == nil {
			v.failed = err
		}
	})
	select {
	case <-v.carrier.begun:
	case <-v.ended: // Measure says why
	}
	return nil
}

// End ends viewers. What they have measured is kept.
func (c *Calls) End(call EndCall, _ *Nothing) error {
	return c.each(call.Viewers, func(v *viewer, id int) error {
		final := v.measure(id)
		c.w.mu.Lock()
		v.final, v.over = final, true
		c.w.mu.Unlock()
		if call.How == Dies {
			if err := v.carrier.cut(); err != nil {
				return err
			}
		}
		v.cancel()
		c.w.group.Go(func() { c.w.bury(id, v) })
		return nil
	})
}

// bury keeps of a viewer that has been told to end, once it has, what it has measured and played.
func (w *Worker) bury(id int, v *viewer) {
	<-v.ended
	w.mu.Lock()
	defer w.mu.Unlock()
	w.viewers[id] = &viewer{role: v.role, output: v.output, ended: v.ended, final: v.final, over: true, failed: v.failed, cancel: v.cancel}
}

// Vice gives viewers a vice.
func (c *Calls) Vice(call ViceCall, _ *Nothing) error {
	return c.each(call.Viewers, func(v *viewer, _ int) error {
		v.carrier.vice.Store(uint32(call.Vice))
		return nil
	})
}

// Impair changes the network of viewers.
func (c *Calls) Impair(call ImpairCall, _ *Nothing) error {
	if len(call.Impair) != len(call.Viewers) {
		return errors.New("an impairment for each viewer is needed")
	}
	return c.each(call.Viewers, func(v *viewer, id int) error {
		cfg, err := impair.Parse(call.Impair[slices.Index(call.Viewers, id)])
		if err == nil {
			err = v.carrier.impair(cfg)
		}
		return err
	})
}

// each does something with each of these viewers that takes part, and answers the first error.
func (c *Calls) each(ids []int, do func(v *viewer, id int) error) error {
	var first error
	for _, id := range ids {
		v := c.w.viewer(id)
		if v == nil {
			continue // it did not come
		}
		if err := do(v, id); err != nil && first == nil {
			first = fmt.Errorf("viewer %d: %w", id, err)
		}
	}
	return first
}

// viewer is one that has joined, once it has; nil when that failed.
func (w *Worker) viewer(id int) *viewer {
	w.mu.Lock()
	joined := w.joining[id]
	w.mu.Unlock()
	if joined != nil {
		<-joined
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.viewers[id]
}

// all are the viewers by number.
func (w *Worker) all() map[int]*viewer {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make(map[int]*viewer, len(w.viewers))
	for id, v := range w.viewers { // order-free: a copy
		list[id] = v
	}
	return list
}
