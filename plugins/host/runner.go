package host

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pipePatience is how long the output of a process that has ended is still read.
const pipePatience = 300 * time.Millisecond

// command is a process as go-plugin sees it: it implements its runner.Runner.
type command struct {
	cmd       *exec.Cmd
	spawn     func(context.Context, func()) error
	spawned   func(pid int) // called once the process runs
	logs      *logWriter
	stdout    *io.PipeReader
	stdoutEnd *io.PipeWriter
	exited    chan struct{} // closed when the process has ended

	mu      sync.Mutex
	running bool // it was spawned
	killed  bool
	stdin   io.Closer // open for as long as the process is to live
	err     error     // of Wait, once exited is closed
}

func newCommand(cmd *exec.Cmd, logs *logWriter) *command {
	return &command{cmd: cmd, logs: logs, exited: make(chan struct{})}
}

// Start runs the process.
func (c *command) Start(ctx context.Context) error {
	r, w := io.Pipe()
	c.stdout, c.stdoutEnd = r, w
	c.cmd.Stdout, c.cmd.Stderr, c.cmd.WaitDelay = w, c.logs, pipePatience
	isolate(c.cmd)
	var err error
	if e := c.spawn(ctx, func() { err = c.start() }); e != nil {
		err = e
	}
	if err != nil {
		c.endOutput()
		return err
	}
	go func() { // ends with the process
		err := c.cmd.Wait()
		killGroup(c.cmd.Process) // what it has started itself
		c.endOutput()
		c.logs.flush()
		c.mu.Lock()
		c.err = err
		c.endInput()
		c.mu.Unlock()
		close(c.exited)
	}()
	return nil
}

func (c *command) start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.killed {
		return context.Canceled
	}
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	c.running, c.stdin = true, in
	c.logs.name(c.cmd.Process.Pid)
	c.spawned(c.cmd.Process.Pid)
	return nil
}

// waitExit returns when the process has ended; at once if it was never there.
func (c *command) waitExit() {
	c.mu.Lock()
	running := c.running
	c.killed = true // else it could still be started
	c.mu.Unlock()
	if running {
		<-c.exited
	}
}

// kill ends the process by force, now or as soon as it would start.
func (c *command) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed = true
	if !c.running {
		return
	}
	select {
	case <-c.exited: // its number may be another's by now
	default:
		killGroup(c.cmd.Process)
	}
}

// hangUp lets the process know that it is to end.
func (c *command) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running {
		c.killed = true
		return
	}
	c.endInput()
}

// endInput ends the standard input; the lock is held. Ending it twice is no harm.
func (c *command) endInput() { _ = c.stdin.Close() }

// endOutput ends what go-plugin reads, which never fails.
func (c *command) endOutput() { _ = c.stdoutEnd.Close() }

// status is how the process ended.
func (c *command) status() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return errors.New("exit status 0")
	}
	return c.err
}

func (c *command) pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running {
		return 0
	}
	return c.cmd.Process.Pid
}

// Wait returns when the process has ended.
func (c *command) Wait(context.Context) error {
	<-c.exited
	return nil
}

// Kill ends the process by force.
func (c *command) Kill(context.Context) error {
	c.kill()
	return nil
}

// Stdout is where the handshake comes from.
func (c *command) Stdout() io.ReadCloser { return c.stdout }

// Stderr is empty: it is logged here.
func (c *command) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name is the path.
func (c *command) Name() string { return c.cmd.Path }

// ID is the process id.
func (c *command) ID() string { return strconv.Itoa(c.pid()) }

// Diagnose has nothing to add: the host tells causes itself.
func (c *command) Diagnose(context.Context) string { return "" }

// PluginToHost changes nothing: both are on one machine.
func (c *command) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin changes nothing.
func (c *command) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
