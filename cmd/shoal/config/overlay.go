package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"

	"github.com/shoal-live/shoal/cmd/shoal/yaml"
)

// MaxOverlay bounds an overlay as it travels, in bytes.
const MaxOverlay = 64 << 10

// Overlay is what counts over file and environment: changes that came by the control API or the bus while a process runs. It is
// a JSON object with the keys of the file. What says which executable is run, and what that is given, is not among them: those
// two ways are open to everybody on this machine, and choose among the plugins that the file names.
type Overlay map[string]any

// ParseOverlay reads a JSON object. name stands for where it came from. Errors: ErrConfig.
func ParseOverlay(name string, b []byte) (Overlay, error) {
	if len(b) > MaxOverlay {
		return nil, fmt.Errorf("%w: %s: %d bytes are more than %d", ErrConfig, name, len(b), MaxOverlay)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var o Overlay
	err := d.Decode(&o)
	if err == nil && d.Decode(new(any)) != io.EOF {
		err = errors.New("something follows the object")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: no JSON object: %w", ErrConfig, name, err)
	}
	return o, fileAlone(name, o, reflect.TypeFor[Config](), "")
}

// fileAlone refuses keys that are set in the file alone.
func fileAlone(name string, v any, t reflect.Type, key string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	object, ok := asObject(v)
	if !ok {
		return nil
	}
	switch t.Kind() {
	case reflect.Map:
		for k, v := range object { // order-free: any of the errors will do
			if err := fileAlone(name, v, t.Elem(), yaml.Join(key, k)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			k := f.Tag.Get("yaml")
			v, there := object[k]
			if there && f.Tag.Get("file") != "" {
				return fmt.Errorf("%w: %s: %s says what is run on this machine: set it in the config file, under plugins, and choose it here by its name", ErrConfig, name, yaml.Join(key, k))
			}
			if err := fileAlone(name, v, f.Type, yaml.Join(key, k)); err != nil {
				return err
			}
		}
	}
	return nil
}

func asObject(v any) (map[string]any, bool) {
	switch v := v.(type) {
	case Overlay:
		return v, true
	case map[string]any:
		return v, true
	}
	return nil, false
}

// Merge is o with a patch over it, as RFC 7396 has it: null takes a key out. Neither changes.
func (o Overlay) Merge(patch Overlay) Overlay { return merge(o, patch) }

func merge(to, patch map[string]any) map[string]any {
	out := maps.Clone(to)
	if out == nil {
		out = make(map[string]any)
	}
	for k, v := range patch { // order-free: each key on its own
		object, ok := v.(map[string]any)
		switch {
		case v == nil:
			delete(out, k)
		case ok:
			below, _ := out[k].(map[string]any)
			out[k] = merge(below, object)
		default:
			out[k] = v
		}
	}
	return out
}

// Without is o without the keys that changed elsewhere: the last change counts, whichever way it came.
func (o Overlay) Without(changes []Change) Overlay {
	out := merge(o, nil)
	for _, c := range changes {
		remove(out, c.Path)
	}
	return out
}

func remove(from map[string]any, path []string) {
	below, ok := from[path[0]].(map[string]any)
	if !ok || len(path) == 1 {
		delete(from, path[0])
		return
	}
	below = maps.Clone(below)
	from[path[0]] = below
	if remove(below, path[1:]); len(below) == 0 {
		delete(from, path[0])
	}
}

// Bytes is o as it travels.
func (o Overlay) Bytes() []byte {
	if len(o) == 0 {
		return []byte("{}")
	}
	b, err := json.Marshal(o)
	if err != nil {
		panic(err) // it was read from JSON
	}
	return b
}

// Apply puts o over c. name stands for where it came from. Errors: ErrConfig.
func (o Overlay) Apply(name string, c *Config) error {
	if len(o) == 0 {
		return nil
	}
	return Parse(name, o.Bytes(), c)
}
