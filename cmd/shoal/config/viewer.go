package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// viewerKeys are those that `shoal watch` knows, of the ones in shoal.yml.
var viewerKeys = []string{"logLevel", "uplink", "plugins", "transport", "policy", "egress"}

// Viewer is the configuration of a viewer without a file. Its policy has no name: the stream's operator has a say in it.
func Viewer() Config {
	c := Default()
	c.LogLevel, c.Transport.Listen, c.Policy.Name = "warn", ":0", ""
	return c
}

// LoadViewer reads a viewer's file at path over its defaults; an empty path is no file. Errors: ErrConfig, also for a key
// that is not for viewers.
func LoadViewer(path string, known Known) (Config, error) {
	c := Viewer()
	if path == "" {
		return c, nil
	}
	if err := c.read(path); err != nil {
		return c, err
	}
	base, named := Viewer(), c
	for _, d := range Diff(&base, &c) {
		if !slices.Contains(viewerKeys, d.Path[0]) {
			return c, fmt.Errorf("%w: %s: %s is for `shoal serve`; `shoal watch` has %s", ErrConfig, filepath.Base(path), d.Key(), strings.Join(viewerKeys, ", "))
		}
	}
	if named.Policy.Name == "" {
		named.Policy.Name = Default().Policy.Name
		if len(c.Policy.Params) > 0 { // they are its
			c.Policy = named.Policy
		}
	}
	return c, named.Validate(known)
}
