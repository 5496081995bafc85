package pipe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/shoal-live/shoal/core/egress"
)

const (
	queueDepth = 256         // pieces that wait for the pipe: 13 s of 50 ms groups
	flushTime  = time.Second // for what waits, when the feed is closed
	pollFIFO   = 100 * time.Millisecond
)

// New writes to the file or named pipe at Config.Listen. A file is made or emptied; a named pipe is waited for until
// somebody reads it. Parameters:
//
//	pacing   "playout" (default): each group when the engine's playout has it due, for players that do not buffer
//	         "complete": as soon as it is complete, for players that do
//
// Errors: egress.ErrConfig.
func New(cfg egress.Config) (egress.Egress, error) {
	if cfg.Listen == "" {
		return nil, fmt.Errorf("%w: listen: the path of a file or named pipe is needed", egress.ErrConfig)
	}
	path := cfg.Listen
	return build(&cfg, path, func(ctx context.Context) (io.WriteCloser, error) { return openPath(ctx, path) })
}

// To makes a factory of egresses that write to w, which name stands for in errors. Parameters are those of New;
// Listen is not used. Close is called once, at the end of Run, and must make a Write that is blocked return: pipes,
// sockets and what [Stdout] gives do. One egress at a time may run.
func To(w io.WriteCloser, name string) egress.Factory {
	return func(cfg egress.Config) (egress.Egress, error) {
		return build(&cfg, name, func(context.Context) (io.WriteCloser, error) { return w, nil })
	}
}

// Pacing implements egress.Egress.
func (p *pipe) Pacing() egress.Pacing { return p.pacing }

// Run implements egress.Egress.
func (p *pipe) Run(ctx context.Context, items <-chan egress.Item, ready func([]string)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w := &writer{pipe: p, queue: make(chan []byte, queueDepth), opened: make(chan struct{}), done: make(chan error, 1)}
	go func() { w.done <- w.run(ctx) }()

	in := intake{pipe: p, queue: w.queue}
	opened := w.opened
	for {
		select {
		case <-ctx.Done():
			w.close()
			<-w.done
			return nil
		case err := <-w.done:
			if ctx.Err() != nil {
				return nil
			}
			return err
		case <-opened:
			opened = nil
			ready(nil)
		case item, ok := <-items:
			if !ok {
				w.flush(stop)
				return nil
			}
			in.take(item)
		}
	}
}

// writer is the goroutine that may block.
type writer struct {
	*pipe
	queue  chan []byte
	opened chan struct{} // closed once the output is open
	done   chan error    // what run returned

	mu     sync.Mutex
	out    io.WriteCloser
	closed bool
}

func (w *writer) run(ctx context.Context) error {
	out, err := w.open(ctx)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", egress.ErrOutput, w.name, err)
	}
	w.hold(out)
	defer w.close()
	close(w.opened)
	for {
		select {
		case <-ctx.Done():
			return nil
		case piece, ok := <-w.queue:
			if !ok {
				return nil
			}
			if _, err := out.Write(piece); errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
				return fmt.Errorf("%w: %s: nobody reads it any more: %w", egress.ErrOutput, w.name, err)
			} else if err != nil {
				return fmt.Errorf("%w: write to %s: %w", egress.ErrOutput, w.name, err)
			}
		}
	}
}

// hold keeps the output where close finds it.
func (w *writer) hold(out io.WriteCloser) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out = out
	if w.closed {
		_ = out.Close() // the writer has ended meanwhile; nothing was written
	}
}

// close ends a write that is blocked. It may be called more than once.
func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed && w.out != nil {
		_ = w.out.Close() // what could be lost has been written or given up
	}
	w.closed = true
}

// flush lets the writer finish what waits, for a while.
func (w *writer) flush(stop context.CancelFunc) {
	close(w.queue)
	timer := time.NewTimer(flushTime)
	defer timer.Stop()
	select {
	case <-w.done:
		return
	case <-timer.C:
	}
	stop()
	w.close()
	<-w.done
}
