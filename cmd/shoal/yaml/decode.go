package yaml

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Shaped is implemented by pointers to what may be written in several ways. FromYAML reads n, which stands at key, into its
// receiver. Errors: those of d.
type Shaped interface {
	FromYAML(d *Decoder, n ast.Node, key string) error
}

// Decoder walks a YAML tree beside the Go type that it is for, so that every error can name file, line and key.
type Decoder struct{ keys *Keys }

// Errorf is an error about n, which stands at key.
func (d *Decoder) Errorf(n ast.Node, key, format string, args ...any) error {
	return d.keys.errorAt(lineOf(n), key, fmt.Sprintf(format, args...))
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil {
		return t.Position.Line
	}
	return 0
}

// Decode reads n, which stands at key, into to. A node without a value leaves to as it is.
func (d *Decoder) Decode(n ast.Node, to reflect.Value, key string) error {
	if tag, ok := n.(*ast.TagNode); ok {
		n = tag.Value
	}
	d.keys.lines[key] = lineOf(n)
	if n.Type() == ast.NullType {
		return nil // a key without a value keeps its default
	}
	if to.CanAddr() {
		switch v := to.Addr().Interface().(type) {
		case Shaped:
			return v.FromYAML(d, n, key)
		case Text:
			return d.text(n, to, key)
		}
	}
	switch to.Kind() {
	case reflect.Pointer:
		p := reflect.New(to.Type().Elem())
		if !to.IsNil() {
			p.Elem().Set(to.Elem()) // what stands there goes on, but in no other's place
		}
		if err := d.Decode(n, p.Elem(), key); err != nil {
			return err
		}
		to.Set(p)
		return nil
	case reflect.Struct:
		return d.Struct(n, to, key)
	case reflect.Map:
		return d.mapping(n, to, key)
	case reflect.Slice:
		return d.List(n, to, key)
	}
	return d.text(n, to, key)
}

// text reads a scalar.
func (d *Decoder) text(n ast.Node, to reflect.Value, key string) error {
	text, ok := Scalar(n)
	if !ok {
		return d.Errorf(n, key, "want %s, have %s", wants(to), describe(n))
	}
	if err := SetScalar(to, text); err != nil {
		return d.Errorf(n, key, "%v", err)
	}
	return nil
}

// Entries are the pairs of a mapping, in order.
func Entries(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// KeyText is a key of a mapping as it was meant.
func KeyText(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return n.String()
}

// Join is the key of what stands at name below key.
func Join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// Struct reads the mapping n, which stands at key, into a struct.
func (d *Decoder) Struct(n ast.Node, to reflect.Value, key string) error {
	pairs, ok := Entries(n)
	if !ok {
		return d.Errorf(n, key, "want a mapping with the keys %s, have %s", strings.Join(keysOf(to.Type()), ", "), describe(n))
	}
	seen := make(map[string]bool)
	for _, p := range pairs {
		name := KeyText(p.Key)
		i := fieldOf(to.Type(), name)
		if i < 0 {
			return d.Errorf(p.Key, key, "unknown key %q (have: %s)", name, strings.Join(keysOf(to.Type()), ", "))
		}
		if seen[name] {
			return d.Errorf(p.Key, key, "key %q stands here twice", name)
		}
		seen[name] = true
		if err := d.Decode(p.Value, to.Field(i), Join(key, name)); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) mapping(n ast.Node, to reflect.Value, key string) error {
	pairs, ok := Entries(n)
	if !ok {
		return d.Errorf(n, key, "want a mapping, have %s", describe(n))
	}
	m := reflect.MakeMap(to.Type())
	for _, key := range to.MapKeys() { // order-free: a copy
		m.SetMapIndex(key, to.MapIndex(key))
	}
	for _, p := range pairs {
		v := reflect.New(to.Type().Elem()).Elem()
		if before := m.MapIndex(reflect.ValueOf(KeyText(p.Key))); before.IsValid() {
			v.Set(before)
		}
		if err := d.Decode(p.Value, v, Join(key, KeyText(p.Key))); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(KeyText(p.Key)), v)
	}
	if m.Len() == 0 {
		m = reflect.Zero(to.Type())
	}
	to.Set(m)
	return nil
}

// List reads the sequence n, which stands at key, into a slice: nothing of what stood there stays.
func (d *Decoder) List(n ast.Node, to reflect.Value, key string) error {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return d.Errorf(n, key, "want a list, have %s", describe(n))
	}
	list := reflect.MakeSlice(to.Type(), len(seq.Values), len(seq.Values))
	for i, v := range seq.Values {
		if err := d.Decode(v, list.Index(i), fmt.Sprintf("%s[%d]", key, i)); err != nil {
			return err
		}
	}
	if list.Len() == 0 {
		list = reflect.Zero(to.Type())
	}
	to.Set(list)
	return nil
}

// keysOf are the keys of a struct: the tags yaml of its fields. A field without one has no key.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("yaml"); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// fieldOf is the index of the field with a key; -1 when there is none.
func fieldOf(t reflect.Type, key string) int {
	for i := range t.NumField() {
		if key != "" && t.Field(i).Tag.Get("yaml") == key {
			return i
		}
	}
	return -1
}
