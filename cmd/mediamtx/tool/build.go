package tool

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// builder makes one binary in one cache folder.
type builder struct {
	root     string // of our checkout
	dir      string // cache folder, keyed by version and machine
	progress *progress
}

// ensure returns the cached binary, or builds it under the lock.
func (b builder) ensure(ctx context.Context) (string, error) {
	bin := filepath.Join(b.dir, binaryName())
	if isFile(bin) {
		return bin, nil
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return "", fmt.Errorf("make cache folder: %w", err)
	}
	unlock, err := lockFile(ctx, filepath.Join(b.dir, "lock"), b.progress.waiting)
	if err != nil {
		return "", fmt.Errorf("wait for another build: %w", err)
	}
	defer unlock()
	if isFile(bin) { // the other one built it
		return bin, nil
	}
	if _, err := exec.LookPath("go"); err != nil {
		return "", fmt.Errorf("%w: install Go from https://go.dev/dl", ErrNoGo)
	}
	return bin, b.build(ctx, bin)
}

// build runs the phases. The caller holds the lock.
func (b builder) build(ctx context.Context, bin string) error {
	b.sweep()
	defer b.sweep()
	work, err := os.MkdirTemp(b.dir, "build-")
	if err != nil {
		return err
	}

	b.progress.phase("downloading the source")
	source, err := b.download(ctx)
	if err != nil {
		return err
	}

	b.progress.phase("copying it out of the module cache")
	src := filepath.Join(work, "src")
	if err := os.CopyFS(src, os.DirFS(source)); err != nil {
		return fmt.Errorf("copy the source: %w", err)
	}
	if err := addGenerated(src); err != nil {
		return err
	}

	b.progress.phase("downloading its dependencies")
	list, err := goRun(ctx, src, nil, "list", "-mod=readonly", "-deps", ".")
	if err != nil {
		return fmt.Errorf("download the dependencies: %w", err)
	}

	b.progress.compiling(bytes.Count(list, []byte("\n")))
	tmp := filepath.Join(work, binaryName())
	_, err = goRun(ctx, src, b.progress.compiled,
		"build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", tmp, ".")
	if err != nil {
		return fmt.Errorf("compile: %w", err)
	}
	if err := checkVersion(ctx, tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, bin); err != nil {
		return fmt.Errorf("move the binary into the cache: %w", err)
	}
	b.progress.done()
	return nil
}

// sweep removes build folders, ours and those of builds that were killed. The
// caller holds the lock, so none is in use.
func (b builder) sweep() {
	left, _ := filepath.Glob(filepath.Join(b.dir, "build-*")) // the pattern is constant
	for _, dir := range left {
		_ = os.RemoveAll(dir) // rubbish in our own cache: the next build tries again
	}
}

// download fetches the pinned module and returns its folder in the module
// cache, whose content the go command has checked against pin/go.sum.
func (b builder) download(ctx context.Context) (string, error) {
	pin := filepath.Join(b.root, "cmd", "mediamtx", "pin")
	out, err := goRun(ctx, pin, nil, "mod", "download", "-json", "github.com/bluenviron/mediamtx")
	if err != nil {
		return "", fmt.Errorf("download the source: %w", err)
	}
	var mod struct{ Version, Dir string }
	if err := json.Unmarshal(out, &mod); err != nil {
		return "", fmt.Errorf("read the answer of go mod download: %w", err)
	}
	if mod.Version != Version {
		return "", fmt.Errorf("%s pins %s, this program expects %s", pin, mod.Version, Version)
	}
	return mod.Dir, nil
}

// goRun runs the go command in dir and returns its standard output. Each line
// of its standard error goes to onLine, if that is not nil; the last lines
// are part of the error.
func goRun(ctx context.Context, dir string, onLine func(string), args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=",
		"GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	// An interrupt lets the go command end its compilers and drop its work folder.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	tail := readLines(stderr, onLine)
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, errors.New(commandFailure("go "+args[0], err, tail))
	}
	return out.Bytes(), nil
}

// readLines passes on each line of r and returns the last twelve.
func readLines(r io.Reader, onLine func(string)) []string {
	var tail []string
	sc := bufio.NewScanner(r)
	for sc.Scan() {
		if onLine != nil {
			onLine(sc.Text())
		}
		tail = append(tail, sc.Text())
		if len(tail) > 12 {
			tail = tail[1:]
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line too long to scan must not block the command
	return tail
}

func commandFailure(what string, err error, tail []string) string {
	msg := what + ": " + err.Error()
	if len(tail) > 0 {
		msg += "\n\t" + strings.Join(tail, "\n\t")
	}
	return msg
}

// checkVersion runs the fresh binary once, so that what enters the cache is
// known to start and to be what its folder says.
func checkVersion(ctx context.Context, bin string) error {
	out, err := exec.CommandContext(ctx, bin, "--version").Output()
	if err != nil {
		return fmt.Errorf("run the fresh binary: %w", err)
	}
	if got := strings.TrimSpace(string(out)); got != Version {
		return fmt.Errorf("the fresh binary says it is %q, expected %q", got, Version)
	}
	return nil
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}
