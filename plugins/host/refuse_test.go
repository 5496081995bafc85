//go:build unix

package host_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// ask asks for the policy of a spec.
func ask(t *testing.T, r *rig, spec host.Spec) error {
	t.Helper()
	spec.Kind = bridge.KindPolicy
	if spec.Name == "" {
		spec.Name = "mine"
	}
	p, err := r.Policy(t.Context(), spec, nil)
	if err == nil {
		p.Close()
	}
	return err
}

func TestAFileThatIsNotSafeIsRefused(t *testing.T) {
	r := newRig(t, nil)
	good := "#!/bin/sh\nexit 0\n"
	mode := func(m os.FileMode) string {
		path := script(t, good)
		if err := os.Chmod(path, m); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open := script(t, good)
	if err := os.Chmod(filepath.Dir(open), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path  string
		words []string
	}{
		"that is not there":              {"/nowhere/mine", []string{"/nowhere/mine", "no such file", "check the path"}},
		"that is a folder":               {t.TempDir(), []string{"is no file"}},
		"that is not executable":         {mode(0o644), []string{"not executable", "chmod u+x"}},
		"that its group can change":      {mode(0o775), []string{"can be changed", "chmod go-w"}},
		"that everybody can change":      {mode(0o757), []string{"can be changed", "chmod go-w"}},
		"in a folder that everybody can": {open, []string{"folder that others can change", "chmod go-w"}},
	} {
		t.Run(name, func(t *testing.T) {
			oneLine(t, ask(t, r, host.Spec{Path: c.path}), host.ErrRefused, append(c.words, "policy/mine")...)
		})
	}
}

func TestAPinIsHeld(t *testing.T) {
	r := newRig(t, nil)
	self := plugintest.Self(t)[0]
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	right := fmt.Sprintf("%x", sha256.Sum256(data))
	if err := ask(t, r, host.Spec{Name: "parrot", SHA256: right}); err != nil {
		t.Errorf("with the right pin: %v", err)
	}
	wrong := strings.Repeat("00", sha256.Size)
	oneLine(t, ask(t, r, host.Spec{Name: "parrot", SHA256: wrong}), host.ErrRefused, "policy/parrot", right, wrong)
	oneLine(t, ask(t, r, host.Spec{Path: script(t, "#!/bin/sh\n"), SHA256: wrong}), host.ErrRefused, "policy/mine", wrong, "pin the new one")
	oneLine(t, ask(t, r, host.Spec{Name: "parrot", SHA256: "abc"}), host.ErrSpec, "64 hexadecimal digits")
}

func TestAProgramThatIsNoPluginIsToldInOneLine(t *testing.T) {
	r := newRig(t, func(c *host.Config) { c.Start = 1500 * time.Millisecond })
	for name, c := range map[string]struct {
		text  string
		words []string
	}{
		"one that ends":                 {"#!/bin/sh\necho cannot find my library >&2\nexit 3\n", []string{"exit status 3", "cannot find my library"}},
		"one that ends well":            {"#!/bin/sh\n", []string{"ended before the handshake", "exit status 0"}},
		"one that talks":                {"#!/bin/sh\necho hello there\nsleep 5\n", []string{"hello there", "is it a Shoal plugin?"}},
		"one that is silent":            {"#!/bin/sh\nsleep 5\n", []string{"within 1.5s", "is it a Shoal plugin?"}},
		"one of the next protocol":      {"#!/bin/sh\necho '1|2|unix|/nowhere|grpc|'\nsleep 5\n", []string{"version 2", "this program version 1", "upgrade"}},
		"one of another handshake":      {"#!/bin/sh\necho '9|1|unix|/nowhere|grpc|'\nsleep 5\n", []string{"another handshake"}},
		"one without gRPC":              {"#!/bin/sh\necho '1|1|unix|/nowhere|netrpc|'\nsleep 5\n", []string{"does not speak gRPC"}},
		"one that listens nowhere":      {"#!/bin/sh\necho '1|1|unix|/nowhere|grpc|'\nsleep 5\n", []string{"/nowhere", "no such file"}},
		"one that floods":               {"#!/bin/sh\nwhile :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done\n", []string{"instead of the handshake"}},
		"one that is no program at all": {"\x00\x01\x02\x03", []string{"no program of this machine"}},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			oneLine(t, ask(t, r, host.Spec{Name: strings.ReplaceAll(name, " ", "-"), Path: script(t, c.text)}), host.ErrStart, c.words...)
			if d := time.Since(began); d > 5*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

func TestAPluginOfAnotherKindOrNameIsToldInOneLine(t *testing.T) {
	r := newRig(t, nil)
	t.Run("a built-in that is not there", func(t *testing.T) {
		oneLine(t, ask(t, r, host.Spec{Name: "clubz"}), host.ErrSpec, `"clubz"`, "have: parrot")
	})
	t.Run("a built-in of another kind", func(t *testing.T) {
		_, err := r.Transport(t.Context(), host.Spec{Name: "parrot"}, transport.Config{})
		oneLine(t, err, host.ErrSpec, "parrot", "have: echo")
	})
	t.Run("a file that serves another kind", func(t *testing.T) {
		self := plugintest.Self(t)
		spec := host.Spec{Name: "mine", Path: self[0], Args: []string{self[1], "policy/parrot"}}
		_, err := r.Transport(t.Context(), spec, transport.Config{})
		oneLine(t, err, bridge.ErrNotOffered, "transport/mine", "have: policy/parrot")
		spec.Kind = bridge.KindPolicy // under its own kind the config may call it as it likes
		p, err := r.Policy(t.Context(), spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.Close()
	})
	t.Run("a file that is to be inline", func(t *testing.T) {
		oneLine(t, ask(t, r, host.Spec{Path: "/bin/true", Isolation: host.Inline}), host.ErrSpec, "isolation: process")
	})
}

func TestFactoryErrorsKeepTheirIdentity(t *testing.T) {
	r := newRig(t, nil)
	for _, isolation := range []host.Isolation{host.Process, host.Inline} {
		spec := parrotSpec()
		spec.Isolation = isolation
		_, err := r.Policy(t.Context(), spec, map[string]string{"step": "sideways"})
		if !errors.Is(err, scheduler.ErrParameter) || !strings.Contains(err.Error(), `step "sideways"`) {
			t.Errorf("%v: %v", isolation, err)
		}
	}
}

func TestThePluginSeesACleanEnvironment(t *testing.T) {
	t.Setenv("SECRET", "1")
	r := newRig(t, func(c *host.Config) { c.Environ = []string{"ALLOWED=yes", "SECRET=1", "ALLOWED_NOT=1"} })
	spec := parrotSpec()
	spec.Env = []string{"ALLOWED"}
	_, err := r.Policy(t.Context(), spec, map[string]string{"step": "environment"})
	if !errors.Is(err, scheduler.ErrParameter) {
		t.Fatal(err)
	}
	got := environment(err)
	if got["ALLOWED"] != "yes" || got["PATH"] != "/usr/local/bin:/usr/bin:/bin" || got["LANG"] != "C.UTF-8" {
		t.Errorf("the plugin sees %v", got)
	}
	for _, k := range []string{"HOME", "TMPDIR"} {
		if filepath.Dir(got[k]) != r.dir {
			t.Errorf("%s is %q; want a private folder in %s", k, got[k], r.dir)
		}
		delete(got, k)
	}
	for _, k := range []string{"ALLOWED", "PATH", "LANG"} {
		delete(got, k)
	}
	for k := range got {
		if !strings.HasPrefix(k, "PLUGIN_") && !strings.HasPrefix(k, "SHOAL_PLUGIN") && (!underRace || k != "GORACE") {
			t.Errorf("the plugin sees %s", k)
		}
	}
}

func TestAnAllowedVariableRulesOverTheCleanOne(t *testing.T) {
	r := newRig(t, func(c *host.Config) { c.Environ = []string{"PATH=/opt/bin", "LANG=de_DE.UTF-8"} })
	spec := parrotSpec()
	spec.Env = []string{"PATH"}
	_, err := r.Policy(t.Context(), spec, map[string]string{"step": "environment"})
	if got := environment(err); got["PATH"] != "/opt/bin" || got["LANG"] != "C.UTF-8" {
		t.Errorf("the plugin sees %v", got)
	}
}

// environment takes apart what a parrot says of its own.
func environment(err error) map[string]string {
	_, all, _ := strings.Cut(err.Error(), ": ")
	got := map[string]string{}
	for _, kv := range strings.Split(all, "\x00") {
		if k, v, ok := strings.Cut(kv, "="); ok && !strings.Contains(k, "\n") && k != "" {
			got[k] = v
		}
	}
	return got
}

// TestAScriptFindsItsInterpreter by way of env, as the first line of most of them has it.
func TestAScriptFindsItsInterpreter(t *testing.T) {
	r := newRig(t, nil)
	err := ask(t, r, host.Spec{Path: script(t, "#!/usr/bin/env -S sh -eu\ncd \"$HOME\"\ntouch \"$TMPDIR/mine\"\ntest -f mine\necho found me >&2\nexit 3\n")})
	oneLine(t, err, host.ErrStart, "found me")
}

func TestAnEndedHostRefuses(t *testing.T) {
	h, err := host.New(host.Config{Self: plugintest.Self(t), Builtin: fixtures()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := h.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Policy(t.Context(), parrotSpec(), nil); !errors.Is(err, host.ErrClosed) {
		t.Errorf("error is %v", err)
	}
}

func TestAStartThatIsGivenUpLeavesNothing(t *testing.T) {
	r := newRig(t, nil)
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	_, err := r.Policy(ctx, host.Spec{Name: "mine", Path: script(t, "#!/bin/sh\nsleep 60\n")}, nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v", err)
	}
	deadline := time.Now().Add(2 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for len(r.pids()) > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("processes %v are left", r.pids())
		}
		<-tick.C
	}
}

func TestAFolderWithALongPathIsNoObstacle(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *host.Config) { c.Dir = long })
	p, err := r.Policy(t.Context(), parrotSpec(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if a := p.Step(&scheduler.Batch{Revision: 1}); len(a.Actions) != 1 {
		t.Errorf("answer %+v", a)
	}
}
