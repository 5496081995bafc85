package settings

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
)

// Setting is one row of a table of parameters. Whole, Number and Span make it.
type Setting struct {
	name string
	set  func(value string) error // puts the value in, or says what would be one
}

// Read puts params into the settings of the table. Errors: scheduler.ErrParameter, naming the policy and the first
// parameter that is wrong, or the least name that the table has not.
func Read(policy string, params map[string]string, table []Setting) error {
	known := make(map[string]bool, len(table))
	names := make([]string, 0, len(table))
	for _, row := range table {
		known[row.name] = true
		names = append(names, row.name)
		value, ok := params[row.name]
		if !ok {
			continue
		}
		if err := row.set(value); err != nil {
			return fmt.Errorf("policy %s: %s: %w", policy, row.name, err)
		}
	}
	unknown := ""
	// order-free: the least of the unknown names is the same in whatever order they come.
	for name := range params {
		if !known[name] && (unknown == "" || name < unknown) {
			unknown = name
		}
	}
	if unknown != "" {
		return fmt.Errorf("policy %s: %w: no parameter %q (have: %s)", policy, scheduler.ErrParameter, unknown, strings.Join(names, ", "))
	}
	return nil
}

// Whole is a whole number from least to most.
func Whole(name string, into *int, least, most int) Setting {
	return Setting{name, func(value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%w: %q is not a whole number from %d to %d", scheduler.ErrParameter, value, least, most)
		}
		*into = n
		return nil
	}}
}

// Number is a number from least to most.
func Number(name string, into *float64, least, most float64) Setting {
	return Setting{name, func(value string) error {
		x, err := strconv.ParseFloat(value, 64)
		if err != nil || !(x >= least && x <= most) {
			return fmt.Errorf("%w: %q is not a number from %g to %g", scheduler.ErrParameter, value, least, most)
		}
		*into = x
		return nil
	}}
}

// Span is a duration from least to most.
func Span(name string, into *time.Duration, least, most time.Duration) Setting {
	return Setting{name, func(value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < least || d > most {
			return fmt.Errorf("%w: %q is not a duration from %v to %v, such as 250ms", scheduler.ErrParameter, value, least, most)
		}
		*into = d
		return nil
	}}
}
