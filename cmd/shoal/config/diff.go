package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Change is one key whose value differs.
type Change struct {
	Path     []string // of the key
	From, To string   // for people; a secret is not shown
	Restart  bool     // it counts from the next start only
}

// Key is the path in one word.
func (c Change) Key() string { return strings.Join(c.Path, ".") }

// String is the change as a line of a log.
func (c Change) String() string {
	text := fmt.Sprintf("%s: %s -> %s", c.Key(), c.From, c.To)
	if c.Restart {
		text += " (from the next start on)"
	}
	return text
}

// Diff lists what differs between two configs, in the order of the file.
func Diff(from, to *Config) []Change {
	return diff(nil, nil, valueOf(from), valueOf(to), how{})
}

// how a field is treated, with what is below it.
type how struct{ restart, secret bool }

func diff(list []Change, path []string, from, to reflect.Value, h how) []Change {
	switch from.Kind() {
	case reflect.Struct:
		for i := range from.NumField() {
			tag := from.Type().Field(i).Tag
			below := how{h.restart || tag.Get("restart") != "", h.secret || tag.Get("secret") != ""}
			list = diff(list, append(slices.Clip(path), tag.Get("yaml")), from.Field(i), to.Field(i), below)
		}
		return list
	case reflect.Map:
		keys := make(map[string]bool)
		for _, m := range []reflect.Value{from, to} {
			for _, k := range m.MapKeys() { // order-free: sorted below
				keys[k.String()] = true
			}
		}
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			at := append(slices.Clip(path), k)
			below := diff(nil, at, entry(from, k), entry(to, k), h)
			was, is := has(from, k), has(to, k)
			if gone := was && !is && from.Type() == reflect.TypeFor[Outputs](); gone || len(below) == 0 && was != is {
				// All that is to say of it is that it is there, or that it has gone with all that belonged to it.
				below = []Change{{Path: at, From: presence(from, k), To: presence(to, k), Restart: h.restart}}
			}
			list = append(list, below...)
		}
		return list
	case reflect.Pointer:
		if from.IsNil() && to.IsNil() {
			return list
		}
		if from.Type().Elem().Kind() == reflect.Struct {
			return diff(list, path, pointed(from), pointed(to), h)
		}
	}
	if reflect.DeepEqual(from.Interface(), to.Interface()) {
		return list
	}
	c := Change{Path: path, From: show(from), To: show(to), Restart: h.restart}
	if h.secret {
		c.From, c.To = "(secret)", "(another)"
	}
	return append(list, c)
}

// entry is a map's value, zero where there is none.
func entry(m reflect.Value, key string) reflect.Value {
	if v := m.MapIndex(reflect.ValueOf(key)); v.IsValid() {
		return v
	}
	return reflect.Zero(m.Type().Elem())
}

func has(m reflect.Value, key string) bool { return m.MapIndex(reflect.ValueOf(key)).IsValid() }

// presence says whether a key is in a map.
func presence(m reflect.Value, key string) string {
	if has(m, key) {
		return "set"
	}
	return notSet
}

const notSet = "not set"

func pointed(p reflect.Value) reflect.Value {
	if p.IsNil() {
		return reflect.Zero(p.Type().Elem())
	}
	return p.Elem()
}

func show(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return notSet
		}
		v = v.Elem()
	}
	if text := fmt.Sprint(v.Interface()); text != "" {
		return text
	}
	return `""`
}
