package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decoder walks a YAML tree beside the Go type that it is for, so that every error can name file, line and key.
type decoder struct{ file string }

func valueOf(c *Config) reflect.Value { return reflect.ValueOf(c).Elem() }

func (d *decoder) errorf(n ast.Node, key, format string, args ...any) error {
	line := 0
	if t := n.GetToken(); t != nil {
		line = t.Position.Line
	}
	where := fmt.Sprintf("%s:%d", d.file, line)
	if key != "" {
		where += ": " + key
	}
	return fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...))
}

func (d *decoder) decode(n ast.Node, to reflect.Value, key string) error {
	if tag, ok := n.(*ast.TagNode); ok {
		n = tag.Value
	}
	if n.Type() == ast.NullType {
		return nil // a key without a value keeps its default
	}
	switch to.Kind() {
	case reflect.Pointer:
		p := reflect.New(to.Type().Elem())
		if !to.IsNil() {
			p.Elem().Set(to.Elem()) // what stands there goes on, but in no other's place
		}
		if err := d.decode(n, p.Elem(), key); err != nil {
			return err
		}
		to.Set(p)
		return nil
	case reflect.Struct:
		if p, ok := to.Addr().Interface().(*Plugin); ok {
			if name, ok := scalar(n); ok {
				p.rename(name) // policy: substream
				return nil
			}
			p.rename(nameIn(n, p.Name))
			if err := d.decodeStruct(n, to, key); err != nil {
				return err
			}
			return nil
		}
		return d.decodeStruct(n, to, key)
	case reflect.Map:
		return d.decodeMap(n, to, key)
	case reflect.Slice:
		return d.decodeList(n, to, key)
	}
	text, ok := scalar(n)
	if !ok {
		return d.errorf(n, key, "want %s, have %s", wants(to.Type()), describe(n))
	}
	if err := setScalar(to, text); err != nil {
		return d.errorf(n, key, "%v", err)
	}
	return nil
}

// entries are the pairs of a mapping, in order.
func entries(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func keyText(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return n.String()
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func (d *decoder) decodeStruct(n ast.Node, to reflect.Value, key string) error {
	pairs, ok := entries(n)
	if !ok {
		return d.errorf(n, key, "want a mapping with the keys %s, have %s", strings.Join(keysOf(to.Type()), ", "), describe(n))
	}
	seen := make(map[string]bool)
	for _, p := range pairs {
		name := keyText(p.Key)
		i := slices.Index(keysOf(to.Type()), name)
		if i < 0 {
			return d.errorf(p.Key, key, "unknown key %q (have: %s)", name, strings.Join(keysOf(to.Type()), ", "))
		}
		if seen[name] {
			return d.errorf(p.Key, key, "key %q stands here twice", name)
		}
		seen[name] = true
		if err := d.decode(p.Value, to.Field(i), join(key, name)); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) decodeMap(n ast.Node, to reflect.Value, key string) error {
	pairs, ok := entries(n)
	if !ok {
		return d.errorf(n, key, "want a mapping, have %s", describe(n))
	}
	m := reflect.MakeMap(to.Type())
	for _, key := range to.MapKeys() { // order-free: a copy
		m.SetMapIndex(key, to.MapIndex(key))
	}
	for _, p := range pairs {
		v := reflect.New(to.Type().Elem()).Elem()
		if before := m.MapIndex(reflect.ValueOf(keyText(p.Key))); before.IsValid() {
			v.Set(before)
		}
		if err := d.decode(p.Value, v, join(key, keyText(p.Key))); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(keyText(p.Key)), v)
	}
	if m.Len() == 0 {
		m = reflect.Zero(to.Type())
	}
	to.Set(m)
	return nil
}

func (d *decoder) decodeList(n ast.Node, to reflect.Value, key string) error {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return d.errorf(n, key, "want a list, have %s", describe(n))
	}
	list := reflect.MakeSlice(to.Type(), len(seq.Values), len(seq.Values))
	for i, v := range seq.Values {
		if err := d.decode(v, list.Index(i), fmt.Sprintf("%s[%d]", key, i)); err != nil {
			return err
		}
	}
	if list.Len() == 0 {
		list = reflect.Zero(to.Type())
	}
	to.Set(list)
	return nil
}

// nameIn is what a plugin's mapping says of its name: an executable that is not given one is called as its file is. It is
// otherwise when the mapping says nothing.
func nameIn(n ast.Node, otherwise string) string {
	pairs, _ := entries(n)
	for _, key := range []string{"name", "path"} {
		for _, p := range pairs {
			text, ok := scalar(p.Value)
			if !ok || keyText(p.Key) != key {
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

func keysOf(t reflect.Type) []string {
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i] = t.Field(i).Tag.Get("yaml")
	}
	return keys
}
