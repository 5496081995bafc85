package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/sdk"
)

type pluginCommand struct {
	List    pluginList    `cmd:"" help:"List the plugins: built in, and installed by the config."`
	Info    pluginInfo    `cmd:"" help:"Start a plugin, and say what it is."`
	Test    pluginTest    `cmd:"" help:"Judge a plugin, in any language, by the contract of its kind."`
	New     pluginNew     `cmd:"" help:"Write a plugin to begin with: a Go module that builds and passes the test."`
	Serve   pluginServe   `cmd:"" hidden:"" help:"Serve a built-in plugin to the process that started this one."`
	Conform pluginConform `cmd:"" hidden:"" help:"Run one contract suite for the plugin test that started this process."`
}

type pluginServe struct {
	Which string `arg:"" name:"kind/name"`
}

// Run serves until the host ends this process.
func (c pluginServe) Run(*environment) error {
	p, err := builtIn(c.Which)
	if err != nil {
		return err
	}
	return sdk.Serve(p)
}

// builtIn is the plugin that KIND/NAME stands for. Errors: lists the choices.
func builtIn(which string) (bridge.Plugin, error) {
	kindText, name, _ := strings.Cut(which, "/")
	kind, err := bridge.ParseKind(kindText)
	if err != nil {
		return bridge.Plugin{}, err
	}
	p, ok := bridge.Find(builtin.Plugins(), kind, name)
	if !ok {
		return p, fmt.Errorf("no %s %q (have: %s)", kind, name, strings.Join(bridge.Names(builtin.Plugins(), kind), ", "))
	}
	return p, nil
}

// specOf is what PATH or KIND/NAME stands for: a file where there is one, else a built-in. Errors: says how to write either.
func specOf(which string) (host.Spec, error) {
	if _, err := os.Stat(which); err == nil {
		path, err := filepath.Abs(which)
		return host.Spec{Path: path}, err
	}
	p, err := builtIn(which)
	if err != nil {
		return host.Spec{}, fmt.Errorf("%s is no file, and no built-in plugin (%w); give the path of an executable, or KIND/NAME", which, err)
	}
	return host.Spec{Kind: p.Kind, Name: p.Name}, nil
}

// checksumOf is the sha256 of a plugin's file, in hexadecimal: that of this program for a built-in.
func checksumOf(path string) (string, error) {
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		path = self
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
