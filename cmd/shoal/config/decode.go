package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// decoder walks a YAML tree beside the Go type that it is for, so that every error can name file, line and key.
type decoder struct{ file string }

func valueOf(c *Config) reflect.Value { return reflect.ValueOf(c).Elem() }

var (
	durationType = reflect.TypeFor[time.Duration]()
	rateType     = reflect.TypeFor[Rate]()
)

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
		if err := d.decode(n, p.Elem(), key); err != nil {
			return err
		}
		to.Set(p)
		return nil
	case reflect.Struct:
		if p, ok := to.Addr().Interface().(*Plugin); ok {
			if name, ok := scalar(n); ok {
				p.Name = name // policy: substream
				return nil
			}
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
	for _, p := range pairs {
		v := reflect.New(to.Type().Elem()).Elem()
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

// scalar is the text of a scalar as it was written.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// setScalar parses text as to's type takes it.
func setScalar(to reflect.Value, text string) error {
	switch to.Type() {
	case durationType:
		v, err := time.ParseDuration(text)
		if err != nil || v < 0 {
			return fmt.Errorf("%q is no duration (write 50ms, 2s or 1m30s)", text)
		}
		to.SetInt(int64(v))
		return nil
	case rateType:
		v, err := ParseRate(text)
		if err != nil {
			return err
		}
		to.SetUint(uint64(v))
		return nil
	}
	switch to.Kind() {
	case reflect.String:
		to.SetString(text)
	case reflect.Bool:
		switch text {
		case "true", "yes", "on":
			to.SetBool(true)
		case "false", "no", "off":
			to.SetBool(false)
		default:
			return fmt.Errorf("%q is neither yes nor no", text)
		}
	case reflect.Int:
		v, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		to.SetInt(int64(v))
	case reflect.Pointer:
		p := reflect.New(to.Type().Elem())
		if err := setScalar(p.Elem(), text); err != nil {
			return err
		}
		to.Set(p)
	default:
		return fmt.Errorf("cannot be set from one value")
	}
	return nil
}

// ParseRate reads a rate in bits per second: "5M", "800k", "2500000". Errors: the text says what is wrong.
func ParseRate(text string) (Rate, error) {
	number, unit := text, 1.0
	if text != "" {
		switch text[len(text)-1] {
		case 'k', 'K':
			unit = 1e3
		case 'm', 'M':
			unit = 1e6
		case 'g', 'G':
			unit = 1e9
		}
		if unit != 1 {
			number = text[:len(text)-1]
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || v < 0 || v*unit > 1e15 {
		return 0, fmt.Errorf("%q is no rate in bits per second (write 5M, 800k or 0 for none)", text)
	}
	return Rate(v * unit), nil
}

func keysOf(t reflect.Type) []string {
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i] = t.Field(i).Tag.Get("yaml")
	}
	return keys
}

func describe(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	}
	if text, ok := scalar(n); ok {
		return strconv.Quote(text)
	}
	return "something else"
}

func wants(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a duration"
	case t == rateType:
		return "a rate"
	case t.Kind() == reflect.Bool:
		return "yes or no"
	case t.Kind() == reflect.Int:
		return "a whole number"
	}
	return "text"
}
