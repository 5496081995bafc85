package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// hand is one process of the crew.
type hand struct {
	name   string
	cmd    *exec.Cmd
	client *rpc.Client
	exited chan struct{} // closed when the process has ended
}

// pipes are both directions to a process.
type pipes struct {
	io.ReadCloser
	io.WriteCloser
}

// Close implements io.Closer.
func (p pipes) Close() error { return errors.Join(p.WriteCloser.Close(), p.ReadCloser.Close()) }

// hire starts a process of the crew, whose log goes into the folder dir.
func hire(command []string, dir, name string) (*hand, error) {
	log, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()                                                                 // the process has its own
	h := &hand{name: name, cmd: exec.Command(command[0], command[1:]...), exited: make(chan struct{})} //nolint:gosec // this binary
	h.cmd.Stderr = log
	in, err := h.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := h.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	h.client = rpc.NewClient(pipes{out, in})
	go func() {
		_ = h.cmd.Wait() // that it ended is all there is to know: its log says why
		close(h.exited)
	}()
	return h, nil
}

// patience is how long a process may take to end its nodes.
const patience = 15 * time.Second

// dismiss ends the process: at once when it does not end by itself.
func (h *hand) dismiss() {
	_ = h.client.Close() // it ends when it is not heard any more
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-h.exited:
		return
	case <-late.C:
	}
	h.kill()
}

// kill ends the process as a crash would, and returns when it is gone.
func (h *hand) kill() {
	_ = h.cmd.Process.Kill() // it may be gone already
	<-h.exited
}

// call calls the process, and waits for its answer or the end of ctx.
func (h *hand) call(ctx context.Context, method string, question, answer any) error {
	c := h.client.Go(service+"."+method, question, answer, make(chan *rpc.Call, 1))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.Done:
	}
	var said rpc.ServerError
	switch {
	case c.Error == nil:
		return nil
	case errors.As(c.Error, &said):
		return fmt.Errorf("%s: %w", h.name, c.Error)
	}
	return fmt.Errorf("%s has ended, %s.log in the data folder says why: %w", h.name, h.name, c.Error)
}
