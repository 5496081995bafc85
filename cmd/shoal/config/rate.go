package config

import (
	"fmt"

	"github.com/shoal-live/shoal/cmd/shoal/yaml"
)

// Rate is bits per second. In the file: a number with an optional k, M or G: "5M", "800k", 0 for none.
type Rate uint64

// Bytes is the rate in bytes per second.
func (r Rate) Bytes() uint64 { return uint64(r) / 8 }

// String is the rate as the file takes it.
func (r Rate) String() string {
	switch {
	case r >= 1e6:
		return fmt.Sprintf("%.4gM", float64(r)/1e6)
	case r >= 1e3:
		return fmt.Sprintf("%.4gk", float64(r)/1e3)
	}
	return fmt.Sprintf("%d", uint64(r))
}

// SetText implements [yaml.Text].
func (r *Rate) SetText(text string) error {
	v, err := ParseRate(text)
	if err == nil {
		*r = v
	}
	return err
}

// Wanted implements [yaml.Text].
func (r *Rate) Wanted() string { return "a rate" }

// ParseRate reads a rate in bits per second: "5M", "800k", "2500000". Errors: the text says what is wrong.
func ParseRate(text string) (Rate, error) {
	v, err := yaml.ParseScaled(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no rate in bits per second (write 5M, 800k or 0 for none)", text)
	}
	return Rate(v), nil
}
