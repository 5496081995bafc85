package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/shoal-live/shoal/cmd/shoal/yaml"
)

// ErrConfig means that the configuration is wrong; the text names file, line, key and remedy.
var ErrConfig = errors.New("config")

// Load reads the file at path over the defaults, and the environment over both. An empty path is no file. environ is
// as os.Environ gives it. Errors: ErrConfig.
func Load(path string, environ []string, known Known) (Config, error) {
	c, err := Read(path, environ)
	if err != nil {
		return c, err
	}
	return c, c.Validate(known)
}

// Read is Load without looking at what only all keys together can show. Errors: ErrConfig.
func Read(path string, environ []string) (Config, error) {
	c := Default()
	if path != "" {
		if err := c.read(path); err != nil {
			return c, err
		}
	}
	return c, fromEnvironment(environ, &c)
}

// read puts the file at path over c.
func (c *Config) read(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%w: %w (write one from shoal.example.yml, or run without a file)", ErrConfig, err)
	}
	return Parse(filepath.Base(path), b, c)
}

// Parse reads YAML over c. name stands for the file in errors. Errors: ErrConfig.
func Parse(name string, b []byte, c *Config) error {
	if _, err := yaml.Parse(name, b, c); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return nil
}
