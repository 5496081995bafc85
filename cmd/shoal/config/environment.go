package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/shoal-live/shoal/cmd/shoal/yaml"
)

const prefix = "SHOAL_"

// fromEnvironment sets the scalar keys that the environment names: SHOAL_ and the path of the key in capitals, with _ between
// its parts. A variable that names no key is an error, but for those of go-plugin and of other tools that
// begin otherwise. Lists and maps are set in the file alone.
func fromEnvironment(environ []string, c *Config) error {
	known := make(map[string]reflect.Value)
	collect(prefix, valueOf(c), known)
	for _, e := range environ {
		name, text, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, prefix+"PLUGIN_") {
			continue
		}
		v, ok := known[name]
		if !ok {
			return fmt.Errorf("%w: environment: %s names no key (SHOAL_MEDIAMTX_API stands for mediamtx.api, and so on)", ErrConfig, name)
		}
		if err := yaml.SetScalar(v, text); err != nil {
			return fmt.Errorf("%w: environment: %s: %w", ErrConfig, name, err)
		}
	}
	return nil
}

func collect(path string, v reflect.Value, into map[string]reflect.Value) {
	for i := range v.NumField() {
		name := path + strings.ToUpper(v.Type().Field(i).Tag.Get("yaml"))
		switch f := v.Field(i); f.Kind() {
		case reflect.Struct:
			collect(name+"_", f, into)
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64:
			into[name] = f
		}
	}
}

func valueOf(c *Config) reflect.Value { return reflect.ValueOf(c).Elem() }
