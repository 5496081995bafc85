package config

import (
	"reflect"
	"time"
)

// Map is c with the keys of the file, as JSON shows it: secrets are left out, durations and rates are as one writes them.
func Map(c *Config) map[string]any {
	m, _ := shown(valueOf(c)).(map[string]any)
	return m
}

func shown(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return shown(v.Elem())
	case reflect.Struct:
		m := make(map[string]any)
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Tag.Get("secret") == "" {
				m[f.Tag.Get("yaml")] = shown(v.Field(i))
			}
		}
		return m
	case reflect.Map:
		m := make(map[string]any)
		for _, k := range v.MapKeys() { // order-free: another map
			m[k.String()] = shown(v.MapIndex(k))
		}
		return m
	case reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			list = append(list, shown(v.Index(i)))
		}
		return list
	}
	if v.Type() == reflect.TypeFor[time.Duration]() || v.Type() == reflect.TypeFor[Rate]() {
		return show(v)
	}
	return v.Interface()
}

// KeepUntilRestart puts what only counts from the next start on back to what is in effect now.
func (c *Config) KeepUntilRestart(now *Config) {
	to, from := valueOf(c), valueOf(now)
	for i := range to.NumField() {
		if to.Type().Field(i).Tag.Get("restart") != "" {
			to.Field(i).Set(from.Field(i))
		}
	}
}
