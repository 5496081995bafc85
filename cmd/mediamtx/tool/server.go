package tool

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	configName = "mediamtx.yml"
	logName    = "mediamtx.log"
)

// Server is a MediaMTX process of ours. Its ports stay the same over Restart.
// All methods may be called at once.
type Server struct {
	opts  Options
	ports ports

	mu   sync.Mutex // held over a whole Stop or Restart
	proc *process   // nil when stopped
}

// Start writes a config, runs MediaMTX and returns once its control API
// answers. It picks free ports, and others if somebody takes one meanwhile.
// ctx bounds the start only; the process runs until [Server.Stop], or, on
// Linux, until this process dies. An error means that nothing is left running.
func Start(ctx context.Context, o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.Bin == "" {
		if o.Bin, err = Path(ctx, o.Progress); err != nil {
			return nil, err
		}
	}
	const attempts = 5
	for range attempts {
		var s *Server
		if s, err = start(ctx, o); err == nil {
			return s, nil
		}
		if !strings.Contains(err.Error(), "address already in use") {
			break
		}
	}
	return nil, err
}

// start is one attempt, with one set of ports.
func start(ctx context.Context, o Options) (*Server, error) {
	p, err := freePorts(o)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: o, ports: p}
	file := filepath.Join(o.Dir, configName)
	if err := os.WriteFile(file, []byte(config(o, p)), 0o600); err != nil {
		return nil, fmt.Errorf("mediamtx: write its config: %w", err)
	}
	return s, s.run(ctx)
}

// run starts the process and waits for its API. The caller holds mu, or is the
// only one that knows s.
func (s *Server) run(ctx context.Context) error {
	seen := fileSize(s.LogPath()) // what earlier runs logged is not this one's error
	proc, err := startProcess(s.opts.Bin, s.opts.Dir, s.LogPath())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.StartTimeout)
	defer cancel()
	if err := s.waitAPI(ctx, proc); err != nil {
		proc.stop()
		return fmt.Errorf("mediamtx: %w; the end of %s:\n%s", err, s.LogPath(), fileEnd(s.LogPath(), seen))
	}
	s.proc = proc
	return nil
}

// waitAPI asks until the control API answers or the process ends.
func (s *Server) waitAPI(ctx context.Context, proc *process) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := s.paths(ctx); err == nil {
			return nil
		}
		select {
		case <-proc.exited:
			return fmt.Errorf("%w at once (%w)", ErrExited, exitError(proc.err))
		case <-ctx.Done():
			return fmt.Errorf("its control API at %s did not answer: %w", s.APIURL(), ctx.Err())
		case <-tick.C:
		}
	}
}

// exitError is err, or a word for an exit without one.
func exitError(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// Stop ends MediaMTX: SIGTERM, and SIGKILL after 3 s. It returns when the
// process is gone. Stopping twice does nothing.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}

func (s *Server) stop() {
	if s.proc != nil {
		s.proc.stop()
		s.proc = nil
	}
}

// Kill ends MediaMTX with SIGKILL, as a crash would, and returns when the
// process is gone. Restart brings it back.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		_ = s.proc.cmd.Process.Kill() // an error means that it is gone already
		<-s.proc.exited
		s.proc = nil
	}
}

// Restart stops MediaMTX if it runs and starts it again with the same config
// and ports. It returns once the control API answers. Publishers and readers
// have to connect again by themselves.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
	return s.run(ctx)
}

// Exited is closed when the present process ends, whoever ended it. After Stop
// it is closed already. The demo watches it to say that MediaMTX died.
func (s *Server) Exited() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		gone := make(chan struct{})
		close(gone)
		return gone
	}
	return s.proc.exited
}

// PID is the process id, 0 when stopped.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return 0
	}
	return s.proc.cmd.Process.Pid
}

// client talks to the control API; loopback answers at once or not at all.
var client = &http.Client{Timeout: 2 * time.Second}
