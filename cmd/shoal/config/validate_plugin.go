package config

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// kinds are those of plugins, with where Known has their names.
var kinds = []string{"transport", "policy", "ingest", "egress"}

// names are those of one kind.
func (k *Known) names(kind string) []string {
	switch kind {
	case "transport":
		return k.Transports
	case "policy":
		return k.Policies
	case "ingest":
		return k.Ingests
	case "egress":
		return k.Egresses
	}
	return nil
}

// with is k and the plugins that the config names itself.
func (c *Config) with(k Known) Known {
	k.viewers = k.Policies
	k.Transports = slices.Concat(k.Transports, c.installed("transport"))
	k.Policies = slices.Concat(k.Policies, c.installed("policy"))
	k.Ingests = slices.Concat(k.Ingests, c.installed("ingest"))
	k.Egresses = slices.Concat(k.Egresses, c.installed("egress"))
	return k
}

// plugins checks what is installed.
func (c *Config) plugins(k Known) error {
	for _, name := range slices.Sorted(maps.Keys(c.Plugins)) {
		p := c.Plugins[name]
		key := "plugins." + name
		if err := oneOf(key+".kind", p.Kind, kinds); err != nil {
			return err
		}
		twice := 0
		for _, n := range k.names(p.Kind) {
			if n == name {
				twice++
			}
		}
		switch {
		case p.Path == "":
			return bad(key+".path", "is empty: name the executable")
		case twice > 1:
			return bad(key, "there is a built-in %s of that name: call yours otherwise", p.Kind)
		}
		if err := checksum(key, p.SHA256); err != nil {
			return err
		}
		if err := p.Limits.check(key + ".limits"); err != nil {
			return err
		}
	}
	return nil
}

// choices checks every plugin that is chosen.
func (c *Config) choices(k Known) error {
	for _, u := range c.Uses() {
		if err := u.check(k.names(u.Kind)); err != nil {
			return err
		}
	}
	return nil
}

// oneOfAName refuses two executables of one kind and name, which nobody could tell apart in logs and metrics.
func (c *Config) oneOfAName() error {
	seen := make(map[string]Plugin)
	for _, u := range c.Uses() {
		id := u.Kind + "/" + u.Plugin.Name
		before, ok := seen[id]
		if ok && before.Path != u.Plugin.Path {
			return bad(u.Key, "two of kind %s are called %q, %s and %s: give one another name", u.Kind, u.Plugin.Name, place(before), place(u.Plugin))
		}
		seen[id] = u.Plugin
	}
	return nil
}

func place(p Plugin) string {
	if p.Path == "" {
		return "the built-in one"
	}
	return p.Path
}

// check looks at a plugin that is chosen among those known of its kind.
func (u *Use) check(known []string) error {
	p, key := &u.Plugin, u.Key
	switch {
	case p.Path == "" && !slices.Contains(known, p.Name):
		return bad(key+".name", "no %s %q (have: %s; or set path to a plugin of your own)", u.Kind, p.Name, strings.Join(known, ", "))
	case p.Path != "" && p.Isolation == Inline:
		return bad(key+".isolation", "a plugin with a path runs in a process")
	case p.Path == "" && len(p.Args) > 0:
		return bad(key+".args", "a built-in takes no arguments: it has params")
	case u.isPipe() && p.Listen == "-":
		return bad(key+".listen", "standard output is for `shoal watch --pipe` alone: name a file or named pipe")
	}
	if err := checksum(key, p.SHA256); err != nil {
		return err
	}
	if err := p.Limits.check(key + ".limits"); err != nil {
		return err
	}
	return oneOf(key+".isolation", string(p.Isolation), isolations)
}

func checksum(key, text string) error {
	if text == "" {
		return nil
	}
	if b, err := hex.DecodeString(text); err != nil || len(b) != 32 {
		return bad(key+".sha256", "%q is not 64 hexadecimal digits", text)
	}
	return nil
}

func (l Limits) check(key string) error {
	switch {
	case l.Memory != 0 && l.Memory < 32<<20:
		return bad(key+".memory", "%d bytes are too few for a process: give it 34M at least, or 0 for no limit", l.Memory)
	case l.CPU != 0 && (l.CPU < 0.05 || l.CPU > 1024):
		return bad(key+".cpu", "%v is not in 0.05..1024 cores, and 0 is for no limit", l.CPU)
	case l.Files != 0 && (l.Files < 64 || l.Files > 1<<20):
		return bad(key+".files", "%d is not in 64..1048576 descriptors, and 0 is for 4096", l.Files)
	}
	return nil
}

// abTest checks a test: viewers run its policy, so it must be one that comes with every binary.
func abTest(key string, t *ABTest, k Known) error {
	switch {
	case t == nil:
		return nil
	case !(t.Share >= 0 && t.Share <= 1):
		return bad(key+".share", "%v is not in 0..1", t.Share)
	case t.Policy.Path != "" || !slices.Contains(k.viewers, t.Policy.Name):
		return bad(key+".policy", "no %q at viewers, who run it (have: %s)", t.Policy.Name, strings.Join(k.viewers, ", "))
	}
	return nil
}
