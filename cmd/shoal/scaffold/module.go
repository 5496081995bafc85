package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// modulePath is the module whose SDK plugins import.
const modulePath = "github.com/shoal-live/shoal"

// module is what a third party's go.mod takes from a checkout.
type module struct {
	Module   string // its path
	Version  string
	Checkout string // absolute
	Go       string // version of the language
	Requires []string
	Sums     []byte // its go.sum, so that all builds without the network
}

// findModule reads the checkout in dir, or, when that is "", the nearest one from start upward. Errors: says how to name one.
func findModule(start, dir string) (*module, error) {
	if dir != "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		m, err := readModule(abs)
		if err != nil {
			return nil, fmt.Errorf("--module %s: %w; it must be a checkout of %s", dir, err, modulePath)
		}
		return m, nil
	}
	for at := start; ; at = filepath.Dir(at) {
		m, err := readModule(at)
		if err == nil {
			return m, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errOther) {
			return nil, err
		}
		if at == filepath.Dir(at) {
			return nil, fmt.Errorf("there is no checkout of %s above %s, and it is not published yet: name one with --module DIR", modulePath, start)
		}
	}
}

// errOther means that a folder holds another module.
var errOther = errors.New("another module")

var (
	goLine      = regexp.MustCompile(`(?m)^go (\S+)$`)
	moduleLine  = regexp.MustCompile(`(?m)^module (\S+)$`)
	requireLine = regexp.MustCompile(`(?m)^\s+(\S+\.\S+ v\S+)`)
)

// readModule reads go.mod and go.sum of a folder.
func readModule(dir string) (*module, error) {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	name := moduleLine.FindSubmatch(bytes.ReplaceAll(text, []byte("\r"), nil))
	if name == nil || string(name[1]) != modulePath {
		return nil, fmt.Errorf("its go.mod is of %w", errOther)
	}
	m := &module{Module: modulePath, Version: "v0.0.0", Checkout: dir, Go: "1.26.0"}
	if strings.ContainsAny(dir, " \t\"'`") {
		m.Checkout = fmt.Sprintf("%q", dir)
	}
	if v := goLine.FindSubmatch(text); v != nil {
		m.Go = string(v[1])
	}
	for _, r := range requireLine.FindAllSubmatch(text, -1) {
		m.Requires = append(m.Requires, string(r[1]))
	}
	m.Sums, err = os.ReadFile(filepath.Join(dir, "go.sum"))
	return m, err
}
