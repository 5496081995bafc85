package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/shoal-live/shoal/cmd/shoal/yaml"
)

// Plugin names an implementation and says how it runs: a built-in, one of the key plugins, or with path an executable.
type Plugin struct {
	Name      string            `yaml:"name"`
	Path      string            `yaml:"path" file:"yes"`
	SHA256    string            `yaml:"sha256" file:"yes"`
	Isolation Isolation         `yaml:"isolation"`
	Listen    string            `yaml:"listen"`
	Args      []string          `yaml:"args" file:"yes"`
	Env       []string          `yaml:"env" file:"yes"`
	Limits    Limits            `yaml:"limits" file:"yes"`
	Params    map[string]string `yaml:"params"`
}

// Installed is a plugin that other keys name: an executable and what it is given.
type Installed struct {
	Kind   string            `yaml:"kind"`
	Path   string            `yaml:"path"`
	SHA256 string            `yaml:"sha256"`
	Args   []string          `yaml:"args"`
	Env    []string          `yaml:"env"`
	Limits Limits            `yaml:"limits"`
	Params map[string]string `yaml:"params"`
}

// Limits bound what a plugin's process may use; zero is the host's default.
type Limits struct {
	Memory Size    `yaml:"memory"`
	CPU    float64 `yaml:"cpu"`
	Files  int     `yaml:"files"`
}

// Size is a number of bytes. In the file: a number with an optional k, M or G: "256M".
type Size uint64

// rename gives p another name. What belonged to the plugin of the old name is forgotten; how and where it runs stays.
func (p *Plugin) rename(name string) {
	if p.Name != name {
		*p = Plugin{Name: name, Isolation: p.Isolation, Listen: p.Listen}
	}
}

// SetText implements [yaml.Text].
func (s *Size) SetText(text string) error {
	v, err := yaml.ParseScaled(text)
	if err != nil {
		return fmt.Errorf("%q is no number of bytes (write 256M, 64k or 0)", text)
	}
	*s = Size(v)
	return nil
}

// Wanted implements [yaml.Text].
func (s *Size) Wanted() string { return "a number of bytes" }

// FromYAML implements [yaml.Shaped]: a name is short for a mapping that has only that.
func (p *Plugin) FromYAML(d *yaml.Decoder, n ast.Node, key string) error {
	if name, ok := yaml.Scalar(n); ok {
		p.rename(name) // policy: substream
		return nil
	}
	p.rename(nameIn(n, p.Name))
	return d.Struct(n, reflect.ValueOf(p).Elem(), key)
}

// nameIn is what a plugin's mapping says of its name: an executable that is not given one is called as its file is. It is
// otherwise when the mapping says nothing.
func nameIn(n ast.Node, otherwise string) string {
	pairs, _ := yaml.Entries(n)
	for _, key := range []string{"name", "path"} {
		for _, p := range pairs {
			text, ok := yaml.Scalar(p.Value)
			if !ok || yaml.KeyText(p.Key) != key {
				continue
			}
			if key == "path" {
				text = strings.TrimSuffix(filepath.Base(text), filepath.Ext(text))
			}
			return text
		}
	}
	return otherwise
}

// Resolve is p with what the key plugins says of its name.
func (c *Config) Resolve(kind string, p Plugin) Plugin {
	in, ok := c.Plugins[p.Name]
	if p.Path != "" || !ok || in.Kind != kind {
		return p
	}
	p.Path, p.SHA256, p.Args, p.Env, p.Limits, p.Isolation = in.Path, in.SHA256, in.Args, in.Env, in.Limits, Process
	params := maps.Clone(in.Params)
	if params == nil {
		params = make(map[string]string)
	}
	maps.Copy(params, p.Params)
	p.Params = params
	return p
}

// installed are the names of one kind, sorted.
func (c *Config) installed(kind string) []string {
	var names []string
	for name, p := range c.Plugins {
		if p.Kind == kind {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
