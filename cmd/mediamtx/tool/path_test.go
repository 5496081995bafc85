package tool

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestVersionEqualsThePinnedOne(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "pin", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "require github.com/bluenviron/mediamtx " + Version + "\n"; !strings.Contains(string(data), want) {
		t.Errorf("pin/go.mod has no line %q", want)
	}
}

func TestPathTakesTheBinaryThatTheEnvironmentNames(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "my-mediamtx")
	if err := os.WriteFile(bin, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(Env, bin)
	got, err := Path(t.Context(), nil)
	if err != nil || got != bin {
		t.Errorf("Path() = %q, %v, want %q", got, err, bin)
	}
}

func TestPathRefusesANamedBinaryThatIsNotThere(t *testing.T) {
	t.Setenv(Env, filepath.Join(t.TempDir(), "absent"))
	_, err := Path(t.Context(), nil)
	wantError(t, err, os.ErrNotExist, Env, "absent", "unset it")
}

func TestPathOutsideACheckoutNamesTheWayOut(t *testing.T) {
	t.Setenv(Env, "")
	t.Chdir(t.TempDir()) // the test binary lies outside the checkout too
	_, err := Path(t.Context(), nil)
	wantError(t, err, ErrNoCheckout, Env)
}

func TestCheckoutIsFoundFromBelow(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "cmd", "other")
	write(t, filepath.Join(root, "go.mod"), "// comment\nmodule "+modulePath+"\n")
	write(t, filepath.Join(below, "go.mod"), "module example.com/nested\n") // must not stop the walk
	if got, ok := rootAbove(below); !ok || got != root {
		t.Errorf("rootAbove(%q) = %q, %v, want %q", below, got, ok, root)
	}
}

func TestCachedBinaryNeedsNoGoAndSaysNothing(t *testing.T) {
	root := t.TempDir()
	want := filepath.Join(cacheDir(root), binaryName())
	write(t, want, "binary")
	t.Setenv("PATH", "")
	var out bytes.Buffer
	b := builder{root: root, dir: cacheDir(root), progress: newProgress(&out)}
	got, err := b.ensure(t.Context())
	if err != nil || got != want || out.Len() > 0 {
		t.Errorf("ensure() = %q, %v, said %q, want %q and silence", got, err, &out, want)
	}
}

func TestBuildWithoutGoNamesTheWayOut(t *testing.T) {
	root := t.TempDir()
	t.Setenv("PATH", "")
	b := builder{root: root, dir: cacheDir(root), progress: newProgress(nil)}
	_, err := b.ensure(t.Context())
	wantError(t, err, ErrNoGo, "https://go.dev/dl")
}

func TestFailedBuildLeavesNothingBehind(t *testing.T) {
	root := t.TempDir()
	dir := cacheDir(root)
	write(t, filepath.Join(dir, "build-killed", "src", "main.go"), "package main")
	write(t, filepath.Join(root, "cmd", "mediamtx", "pin", "go.mod"), "module pin\n\ngo 1.26.0\n") // pins nothing
	t.Setenv("GOPROXY", "off")
	b := builder{root: root, dir: dir, progress: newProgress(nil)}
	_, err := b.ensure(t.Context())
	if err == nil || !strings.Contains(err.Error(), "download the source: go mod") {
		t.Errorf("ensure() = %v, want the step that failed", err)
	}
	left, _ := os.ReadDir(dir)
	for _, e := range left {
		if e.Name() != "lock" {
			t.Errorf("%s is left in the cache folder", e.Name())
		}
	}
}

func TestSecondBuilderWaitsForTheFirst(t *testing.T) {
	root := t.TempDir()
	dir := cacheDir(root)
	bin := filepath.Join(dir, binaryName())
	write(t, filepath.Join(dir, "lock"), "")
	unlock, err := lockFile(t.Context(), filepath.Join(dir, "lock"), func() {})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	answer := make(chan string)
	go func() {
		b := builder{root: root, dir: dir, progress: newProgress(&out)}
		got, err := b.ensure(context.Background())
		if err != nil {
			got = err.Error()
		}
		answer <- got
	}()
	select {
	case got := <-answer:
		t.Fatalf("ensure() = %q while another builder holds the lock", got)
	case <-time.After(300 * time.Millisecond):
	}
	write(t, bin, "binary")
	unlock()
	if got := <-answer; got != bin {
		t.Errorf("ensure() = %q, want the binary that the other builder made, %q", got, bin)
	}
	if !strings.Contains(out.String(), "waiting for another process") {
		t.Errorf("the second builder said %q, want that it waits", &out)
	}
}

func TestWaitingForTheLockEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lockFile(t.Context(), path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := lockFile(ctx, path, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("lockFile() = %v, want context.Canceled", err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// wantError checks the identity of err and what it says.
func wantError(t *testing.T, err, is error, says ...string) {
	t.Helper()
	if !errors.Is(err, is) {
		t.Fatalf("error %v, want one that is %v", err, is)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q does not say %q", err, s)
		}
	}
}
