package yaml

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Text is implemented by pointers to types that are written as one scalar in a way of their own. The error of SetText quotes
// what was written and shows what is right; Wanted names it: "a rate".
type Text interface {
	SetText(text string) error
	Wanted() string
}

// Scalar is the text of a scalar as it was written.
func Scalar(n ast.Node) (string, bool) {
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

// SetScalar parses text as to's type takes it. Errors: the text quotes what was written, and names no key.
func SetScalar(to reflect.Value, text string) error {
	if to.CanAddr() {
		if v, ok := to.Addr().Interface().(Text); ok {
			return v.SetText(text)
		}
	}
	if to.Type() == reflect.TypeFor[time.Duration]() {
		v, err := time.ParseDuration(text)
		if err != nil || v < 0 {
			return fmt.Errorf("%q is no duration (write 50ms, 2s or 1m30s)", text)
		}
		to.SetInt(int64(v))
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
	case reflect.Uint64:
		v, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is no whole number of 0 or more", text)
		}
		to.SetUint(v)
	case reflect.Float64:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || v != v || v < 0 {
			return fmt.Errorf("%q is no number", text)
		}
		to.SetFloat(v)
	case reflect.Pointer:
		p := reflect.New(to.Type().Elem())
		if err := SetScalar(p.Elem(), text); err != nil {
			return err
		}
		to.Set(p)
	default:
		return fmt.Errorf("cannot be set from one value")
	}
	return nil
}

// ParseScaled reads a number with an optional k, M or G, up to 1e15. Errors: strconv.ErrSyntax.
func ParseScaled(text string) (uint64, error) {
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
	if err != nil || !(v >= 0 && v*unit <= 1e15) {
		return 0, strconv.ErrSyntax
	}
	return uint64(v * unit), nil
}

func describe(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	}
	if text, ok := Scalar(n); ok {
		return strconv.Quote(text)
	}
	return "something else"
}

func wants(to reflect.Value) string {
	if to.CanAddr() {
		if v, ok := to.Addr().Interface().(Text); ok {
			return v.Wanted()
		}
	}
	switch {
	case to.Type() == reflect.TypeFor[time.Duration]():
		return "a duration"
	case to.Kind() == reflect.Float64:
		return "a number"
	case to.Kind() == reflect.Bool:
		return "yes or no"
	case to.Kind() == reflect.Int, to.Kind() == reflect.Uint64:
		return "a whole number"
	}
	return "text"
}
