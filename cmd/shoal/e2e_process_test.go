//go:build unix

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// elsewhere leaves a test out under -short, as make check runs it with the race detector: what the test judges runs in
// processes of their own, which are built without the detector. make test runs it.
func elsewhere(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED under -short: what it judges runs in processes of their own, without the race detector; make test runs it")
	}
}

// process is a shoal of its own, in a folder of its own.
type process struct {
	cmd    *exec.Cmd
	out    *history // what it prints
	ended  chan struct{}
	err    error // how it ended; read after ended
	temp   string
	folder string
}

// start runs shoal until the test is over.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startWith(t, nil, args...)
}

// startWith runs shoal until the test is over, its standard output into stdout unless that is nil.
func startWith(t *testing.T, stdout *os.File, args ...string) *process {
	t.Helper()
	return startBy(t, (*exec.Cmd).Start, stdout, exec.Command(shoal, args...))
}

// startBy runs a command until the test is over, started by begin.
func startBy(t *testing.T, begin func(*exec.Cmd) error, stdout *os.File, cmd *exec.Cmd) *process {
	t.Helper()
	temp, err := os.MkdirTemp("", "e2e") //nolint:usetesting // shorter than t.TempDir: it must hold sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	what := filepath.Base(cmd.Path) + " " + strings.Join(cmd.Args[1:min(2, len(cmd.Args))], "")
	p := &process{cmd: cmd, out: newHistory(t, what), ended: make(chan struct{}), temp: temp, folder: t.TempDir()}
	p.cmd.Dir = p.folder
	p.cmd.Env = append(p.cmd.Environ(), "TMPDIR="+p.temp)
	p.cmd.Stderr = p.out
	if stdout != nil {
		p.cmd.Stdout = stdout
	} else {
		p.cmd.Stdout = p.out
	}
	if err := begin(p.cmd); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // an error means that it has ended
		select {
		case <-p.ended:
		case <-time.After(5 * time.Second):
			_ = p.cmd.Process.Kill()
			<-p.ended
		}
	})
	return p
}

// says waits until the process has printed text, and answers the rest of that line.
func (p *process) says(t *testing.T, text string) string {
	t.Helper()
	rest := ""
	eventually(t, 20*time.Second, "it prints "+text, func() bool {
		_, after, ok := strings.Cut(p.out.text(), text)
		line, _, whole := strings.Cut(after, "\n")
		rest = strings.TrimSpace(line)
		return ok && whole
	})
	return rest
}

// wait waits until the process has ended, and answers how.
func (p *process) wait(t *testing.T, limit time.Duration) error {
	t.Helper()
	eventually(t, limit, "the process has ended", func() bool {
		select {
		case <-p.ended:
			return true
		default:
			return false
		}
	})
	return p.err
}
