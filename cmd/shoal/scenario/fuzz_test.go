package scenario_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/scenario"
)

// written is v as the file takes it.
func written(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case config.Rate:
		return fmt.Sprint(uint64(x)) // its String rounds
	case time.Duration, scenario.Rate, scenario.Share, scenario.Times:
		return fmt.Sprint(x)
	case string:
		return fmt.Sprintf("%q", x)
	}
	var parts []string
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if key := v.Type().Field(i).Tag.Get("yaml"); key != "" {
				parts = append(parts, key+": "+written(v.Field(i)))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case reflect.Map:
		for _, k := range v.MapKeys() { // order-free: a mapping
			parts = append(parts, written(k)+": "+written(v.MapIndex(k)))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, written(v.Index(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v.Interface())
}

// plain reports whether the text needs nothing of YAML that written does not have.
func plain(b []byte) bool {
	for _, c := range b {
		if c != '\n' && (c < ' ' || c > '~') || c == '\\' {
			return false
		}
	}
	return true
}

// FuzzParse holds the parser to two laws: what it refuses is ErrScenario, and what it accepts is the same scenario when it is
// written out and read again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "viewers: {count: 1000, resourceIndex: 1.4}", "join: [{count: 10}, {at: 3s}]", "stream: {trace: groups.csv}", "streams: [{weight: 2}, {bitrate: 1M}]",
		"faults: [{at: 15s, kill: 20%}, {slow: {share: 5%, rate: 0.2x}}]", "faults: [{at: 3s, sourceDown: 1s}, {at: 9s, kill: 1%, sourceDown: 200ms}]", "policy: [clubs, {path: ./mine, params: {a: b}}]",
		"source: {uplink: 4.5x}\nnetwork:\n  latency: {median: 1m}", "seed: 18446744073709551615\nstream: {bitrate: 1234567}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parse(string(b))
		if err != nil {
			if !errors.Is(err, scenario.ErrScenario) {
				t.Fatalf("error %v is no ErrScenario", err)
			}
			return
		}
		if !plain(b) {
			return
		}
		text := written(reflect.ValueOf(*s))
		again, err := parse(text)
		if err != nil {
			t.Fatalf("%q was accepted, and is refused as\n%s\n%v", b, text, err)
		}
		if !reflect.DeepEqual(s, again) && text != written(reflect.ValueOf(*again)) {
			t.Fatalf("%q becomes\n%+v\nand written as\n%s\n%+v", b, *s, text, *again)
		}
	})
}
