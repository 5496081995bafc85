package plugincheck

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// outputPatience is how long the output of a child that has ended is still read.
const outputPatience = 2 * time.Second

// course is how a child went.
type course struct {
	cause string // why it did not finish; "" when it did
	fault error  // it could not be run at all
}

// runChild runs the suite in a child to its end, or that of ctx, and lets t follow.
func runChild(ctx context.Context, argv []string, job *Job, t *transcript) course {
	text, err := json.Marshal(job)
	if err != nil {
		return course{fault: err}
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.WaitDelay = outputPatience
	in, err := cmd.StdinPipe()
	if err != nil {
		return course{fault: err}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return course{fault: err}
	}
	last := &tail{}
	cmd.Stderr = last
	if err := cmd.Start(); err != nil {
		return course{fault: fmt.Errorf("the check cannot run itself once more: %w", err)}
	}
	_, err = in.Write(text) // a child that is gone already shows below
	if err == nil {
		err = t.read(out)
	}
	_, _ = io.Copy(io.Discard, out) // what read left, so that Wait may close it
	waited := cmd.Wait()
	_ = in.Close() // until now it kept the child alive
	switch {
	case ctx.Err() != nil:
		return course{cause: "it was under way when " + context.Cause(ctx).Error()}
	case strings.Contains(last.String(), "panic:") || strings.Contains(last.String(), "fatal error:"):
		return course{cause: "the suite crashed: " + crashLine(last.String())}
	case waited != nil && cmd.ProcessState.ExitCode() != 1: // 1: clauses have failed
		return course{cause: fmt.Sprintf("the suite ended with %v: %s", waited, strings.TrimSpace(last.String()))}
	case err != nil:
		return course{cause: "the transcript of the suite broke off: " + err.Error()}
	}
	return course{}
}

// crashLine is the line that says why a Go program crashed.
func crashLine(stderr string) string {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(stderr)
}

// tail keeps the end of what is written, enough for the stacks of a crash and why it came.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// mostTail is the number of bytes kept.
const mostTail = 256 << 10

// Write keeps what there is room for, the newest of it.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(p)
	if over := t.buf.Len() - mostTail; over > 0 {
		t.buf.Next(over)
	}
	return len(p), nil
}

// String is what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
