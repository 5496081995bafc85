package config

import (
	"maps"
	"slices"
	"strings"
)

// Use is one place where a config names a plugin.
type Use struct {
	Key    string // of the config
	Kind   string
	Plugin Plugin // resolved
}

// Uses are all those places, in the order of the file.
func (c *Config) Uses() []Use {
	all := []Use{c.use("transport", "transport", c.Transport), c.use("policy", "policy", c.Policy), c.use("ingest", "ingest", c.Ingest)}
	all = append(all, c.usesOfOutputs("egress", c.Egress)...)
	all = append(all, c.usesOfStream("stream", &c.Stream)...)
	for _, name := range slices.Sorted(maps.Keys(c.Streams)) {
		s := c.Streams[name]
		if s.Source != "" && s.Ingest == nil {
			all = append(all, c.use("streams."+name+".source", "ingest", Plugin{Name: ingestOf(s.Source)}))
		}
		all = append(all, c.usesOfStream("streams."+name, &s)...)
	}
	return all
}

// Installed are those of the key plugins, whether anything uses them or not.
func (c *Config) Installed() []Use {
	var all []Use
	for _, name := range slices.Sorted(maps.Keys(c.Plugins)) {
		kind := c.Plugins[name].Kind
		all = append(all, c.use("plugins."+name, kind, Plugin{Name: name}))
	}
	return all
}

func (c *Config) use(key, kind string, p Plugin) Use {
	return Use{Key: key, Kind: kind, Plugin: c.Resolve(kind, isolated(p))}
}

func (c *Config) usesOfStream(key string, s *Stream) []Use {
	var all []Use
	if s.Ingest != nil {
		all = append(all, c.use(key+".ingest", "ingest", *s.Ingest))
	}
	if s.Policy != nil {
		all = append(all, c.use(key+".policy", "policy", *s.Policy))
	}
	all = append(all, c.usesOfOutputs(key+".egress", s.Egress)...)
	if s.ABTest != nil {
		all = append(all, c.use(key+".abTest.policy", "policy", s.ABTest.Policy))
	}
	return all
}

func (c *Config) usesOfOutputs(key string, o Outputs) []Use {
	var all []Use
	resolved := c.outputs(o)
	for _, name := range slices.Sorted(maps.Keys(resolved)) {
		all = append(all, Use{Key: key + "." + name, Kind: "egress", Plugin: resolved[name]})
	}
	return all
}

// isPipe reports whether it is the built-in egress that writes to where its listen says.
func (u *Use) isPipe() bool {
	return u.Kind == "egress" && u.Plugin.Name == "pipe" && u.Plugin.Path == ""
}

// CheckFiles refuses an overlay that has an egress write to a file that base does not name: the ways by which overlays come are
// open to everybody on this machine, who could have any file overwritten. c is base with the overlay over it. way stands
// for where that came from. Errors: ErrConfig.
func (c *Config) CheckFiles(way string, base *Config) error {
	may := make(map[string]bool)
	for _, u := range base.Uses() {
		if u.isPipe() {
			may[u.Plugin.Listen] = true
		}
	}
	for _, u := range c.Uses() {
		if u.isPipe() && !may[u.Plugin.Listen] {
			return bad(strings.TrimPrefix(way+": "+u.Key, ": ")+".listen", "%q is written to: set it in the config file", u.Plugin.Listen)
		}
	}
	return nil
}
