package config

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	rateType     = reflect.TypeFor[Rate]()
	sizeType     = reflect.TypeFor[Size]()
)

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
	case sizeType:
		v, err := parseScaled(text)
		if err != nil {
			return fmt.Errorf("%q is no number of bytes (write 256M, 64k or 0)", text)
		}
		to.SetUint(v)
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
	case reflect.Float64:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || v != v || v < 0 {
			return fmt.Errorf("%q is no number", text)
		}
		to.SetFloat(v)
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
	v, err := parseScaled(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no rate in bits per second (write 5M, 800k or 0 for none)", text)
	}
	return Rate(v), nil
}

// parseScaled reads a number with an optional k, M or G, up to 1e15.
func parseScaled(text string) (uint64, error) {
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
	case t == sizeType:
		return "a number of bytes"
	case t.Kind() == reflect.Float64:
		return "a number"
	case t.Kind() == reflect.Bool:
		return "yes or no"
	case t.Kind() == reflect.Int:
		return "a whole number"
	}
	return "text"
}
