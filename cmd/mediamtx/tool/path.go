package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Version is the MediaMTX that [Path] builds. It equals the one in
// ../pin/go.mod; a test keeps the two together.
const Version = "v1.20.1"

// Env names the environment variable that overrides everything here: the path
// of a MediaMTX binary, of any version, to use as it is.
const Env = "MEDIAMTX_BIN"

// modulePath is how a checkout of ours is recognised.
const modulePath = "github.com/shoal-live/shoal"

// Path returns the absolute path of a MediaMTX binary, building it first when
// this checkout has none. It blocks for a build (about two minutes on two
// cores) or until another process has finished one. Progress is written to
// progress as whole lines; nil discards it. When the binary is cached nothing
// is written and no network is needed.
//
// The error names the step that failed and the way out. It wraps
// [ErrNoCheckout], [ErrNoGo] or the error of ctx where those are the cause.
func Path(ctx context.Context, progress io.Writer) (string, error) {
	if bin := os.Getenv(Env); bin != "" {
		return override(bin)
	}
	root, err := checkout()
	if err != nil {
		return "", fmt.Errorf("mediamtx: %w (run inside a checkout, or set %s to a MediaMTX binary)", err, Env)
	}
	b := builder{root: root, dir: cacheDir(root), progress: newProgress(progress)}
	bin, err := b.ensure(ctx)
	if err != nil {
		return "", fmt.Errorf("mediamtx: build %s: %w (or set %s to a MediaMTX binary)", Version, err, Env)
	}
	return bin, nil
}

// override checks the binary that the user named.
func override(bin string) (string, error) {
	abs, err := exec.LookPath(bin)
	if err == nil || errors.Is(err, exec.ErrDot) {
		abs, err = filepath.Abs(abs)
	}
	if err != nil {
		return "", fmt.Errorf("mediamtx: %s=%q: %w (name an executable file, or unset it to build %s)", Env, bin, err, Version)
	}
	return abs, nil
}

// cacheDir is where the binary for this version and this machine lives.
func cacheDir(root string) string {
	key := fmt.Sprintf("%s-%s-%s", Version, runtime.GOOS, runtime.GOARCH)
	return filepath.Join(root, ".cache", "mediamtx", key)
}

// binaryName is the name of the binary inside cacheDir.
func binaryName() string {
	if runtime.GOOS == "windows" {
		return "mediamtx.exe"
	}
	return "mediamtx"
}

// checkout finds the root of the checkout: upwards from the working directory
// (tests, go run), else upwards from the running binary (.cache/bin/shoal).
func checkout() (string, error) {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	for _, start := range starts {
		if root, ok := rootAbove(start); ok {
			return root, nil
		}
	}
	return "", ErrNoCheckout
}

// rootAbove walks up from dir to the folder whose go.mod is the main module.
func rootAbove(dir string) (string, bool) {
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && isMainModule(string(data)) {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

func isMainModule(gomod string) bool {
	for line := range strings.Lines(gomod) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "module" {
			return f[1] == modulePath
		}
	}
	return false
}
