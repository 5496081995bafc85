package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/shoal-live/shoal/plugins/bridge"
)

//go:embed templates
var templates embed.FS

// suffix is that of a template.
const suffix = ".tmpl"

// Options say what is written.
type Options struct {
	Kind   bridge.Kind
	Name   string // of the plugin, the module and the folder
	Folder string // that the plugin's own is made in; "" for the working directory
	Module string // a checkout of Shoal's module; "" looks for one from Folder upward
}

// names are letters, digits and dashes: they become a folder, a program, a Go module and the scheme of addresses.
var names = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// Write makes the folder NAME and answers its path. It leaves nothing behind when it fails. Errors: the name is bad; the folder exists;
// there is no checkout; each says what to do.
func Write(o Options) (string, error) {
	if !names.MatchString(o.Name) {
		return "", fmt.Errorf("the name %q is not usable: take a lower-case letter, then up to 30 letters, digits or dashes, such as my-%s", o.Name, o.Kind)
	}
	kind, ok := kinds()[o.Kind]
	if !ok {
		return "", fmt.Errorf("there is no plugin to begin with for %v (have: transport, policy, ingest, egress)", o.Kind)
	}
	folder, err := filepath.Abs(filepath.Join(o.Folder, o.Name))
	if err != nil {
		return "", err
	}
	if _, err := os.Lstat(folder); err == nil {
		return "", fmt.Errorf("%s exists: take another name, or remove it first", folder)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	m, err := findModule(filepath.Dir(folder), o.Module)
	if err != nil {
		return "", err
	}
	files, err := render(o, kind, m)
	if err != nil {
		return "", err
	}
	if err := writeAll(folder, files); err != nil {
		return "", errors.Join(err, os.RemoveAll(folder))
	}
	return folder, nil
}

// data is what templates see.
type data struct {
	Name, Kind, What, Package, Plugin, Use string
	Files                                  []fileNote
	module
}

type fileNote struct{ Name, What string }

// render gives the content of every file by name.
func render(o Options, k kind, m *module) (map[string][]byte, error) {
	d := data{
		Name: o.Name, Kind: o.Kind.String(), What: k.what, Package: k.contract, Files: k.files, module: *m,
		Plugin: strings.ReplaceAll(k.plugin, "NAME", o.Name), Use: strings.ReplaceAll(k.use, "NAME", o.Name),
	}
	files := map[string][]byte{"go.sum": m.Sums}
	for _, dir := range []string{"common", o.Kind.String()} {
		entries, err := templates.ReadDir(path.Join("templates", dir))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			text, err := templates.ReadFile(path.Join("templates", dir, e.Name()))
			if err != nil {
				return nil, err
			}
			name, isTemplate := strings.CutSuffix(e.Name(), suffix)
			if isTemplate {
				if text, err = execute(name, text, d); err != nil {
					return nil, err
				}
			}
			files[name] = text
		}
	}
	return files, nil
}

func execute(name string, text []byte, d data) ([]byte, error) {
	t, err := template.New(name).Delims("[[", "]]").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, d); err != nil {
		return nil, err
	}
	if strings.HasSuffix(name, ".go") {
		return format.Source(out.Bytes())
	}
	return out.Bytes(), nil
}

func writeAll(folder string, files map[string][]byte) error {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	var list []string
	for name := range files { // order-free: sorted below
		list = append(list, name)
	}
	slices.Sort(list)
	for _, name := range list {
		if err := os.WriteFile(filepath.Join(folder, name), files[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}
