//go:build unix

package main_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
)

// snippet is a block of code of the guide, and the section that it is in.
type snippet struct{ section, language, text string }

// guide is plugins/README.md, its blocks of code.
func guide(t *testing.T) []snippet {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(checkout(t), "plugins", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []snippet
	section := ""
	var open *snippet
	for line := range strings.Lines(string(b)) {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &snippet{section: section, language: strings.TrimSpace(language)}
		case fence:
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line
		case strings.HasPrefix(line, "## "):
			section = strings.TrimSpace(strings.TrimPrefix(line, "## "))
		}
	}
	return all
}

// tutorial is the section whose commands are run one after the other.
const tutorial = "From nothing to a playing demo in ten minutes"

func TestTheGuideLeadsFromNothingToAPlayingDemo(t *testing.T) {
	elsewhere(t)
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("SKIPPED: there is no make in PATH (apt-get install make)")
	}
	t.Parallel() // most of it is waiting
	script := "set -ex\n"
	for _, s := range guide(t) {
		if s.section == tutorial && s.language == "sh" {
			script += s.text
		}
	}
	if strings.Count(script, "\n") < 8 {
		t.Fatalf("the guide has few commands:\n%s", script)
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute) // as it promises
	defer stop()
	began := time.Now()
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "SHOAL="+checkout(t), "GOWORK=off")
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("the guide took %v", time.Since(began).Round(time.Second))
	for _, want := range []string{" 0 fail, ", "4 viewers, 2", "% came from peers", "sha256: "} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}

func TestTheGuidesConfigurationLoads(t *testing.T) {
	n := 0
	for _, s := range guide(t) {
		if s.language != "yaml" {
			continue
		}
		n++
		path := filepath.Join(t.TempDir(), "shoal.yml")
		if err := os.WriteFile(path, []byte(s.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(path, nil, wire.Known()); err != nil {
			t.Errorf("%v\n%s", err, s.text)
		}
	}
	if n == 0 {
		t.Error("the guide has no configuration")
	}
}

// TestTheGuidesGoIsThatOfAPluginThatIsTested finds each block of Go in a plugin that plugin new writes, which other tests compile.
func TestTheGuidesGoIsThatOfAPluginThatIsTested(t *testing.T) {
	var all strings.Builder
	for _, kind := range []string{"transport", "policy"} {
		dir := t.TempDir()
		if _, stderr, err := within(t, dir, "plugin", "new", kind, "mine", "--module", checkout(t)); err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
		files, err := filepath.Glob(filepath.Join(dir, "mine", "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	n := 0
	for _, s := range guide(t) {
		if s.language == "go" {
			n++
			if !strings.Contains(all.String(), s.text) {
				t.Errorf("no plugin that is tested holds\n%s", s.text)
			}
		}
	}
	if n == 0 {
		t.Error("the guide has no Go")
	}
}
