package scenario

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/shoal-live/shoal/cmd/shoal/config"
)

// Rate is what an uplink carries: bits per second on the wire, or a multiple of the stream. In the file: 12M, 800k, 0.7x, 0.
type Rate struct {
	Bits  config.Rate // 0 with a multiple
	Times float64     // of what one copy of the stream takes on the wire; 0 with bits
}

// SetText implements yaml.Text.
func (r *Rate) SetText(text string) error {
	if times, ok := strings.CutSuffix(text, "x"); ok {
		v, err := number(times)
		if err != nil {
			return fmt.Errorf("%q is no multiple of the stream (write 0.7x or 4x)", text)
		}
		*r = Rate{Times: v}
		return nil
	}
	bits, err := config.ParseRate(text)
	if err != nil {
		return fmt.Errorf("%q is no rate (write 5M or 800k in bits per second, 0.7x for a multiple of the stream, or 0)", text)
	}
	*r = Rate{Bits: bits}
	return nil
}

// Wanted implements yaml.Text.
func (r *Rate) Wanted() string { return "a rate" }

// String is the rate as the file takes it.
func (r Rate) String() string {
	if r.Times > 0 {
		return Times(r.Times).String()
	}
	return strconv.FormatUint(uint64(r.Bits), 10)
}

// short is the rate for people, who need no more than four digits.
func (r Rate) short() string {
	if r.Times > 0 {
		return Times(r.Times).String()
	}
	return r.Bits.String()
}

// bytes is the rate in bytes per second, for a stream of so many on the wire.
func (r Rate) bytes(stream float64) float64 { return float64(r.Bits)/8 + r.Times*stream }

// Share is a part of one. In the file: 20% or 0.2.
type Share float64

// SetText implements yaml.Text.
func (s *Share) SetText(text string) error {
	percent, ok := strings.CutSuffix(text, "%")
	v, err := number(percent)
	if ok {
		v /= 100
	}
	if err != nil || v > 1 {
		return fmt.Errorf("%q is no share (write 20%% or 0.2; all is 100%% or 1)", text)
	}
	*s = Share(v)
	return nil
}

// Percent is the share in whole percent, rounded.
func (s Share) Percent() int { return int(math.Round(100 * float64(s))) }

// Wanted implements yaml.Text.
func (s *Share) Wanted() string { return "a share" }

// String is the share as the file takes it.
func (s Share) String() string { return strconv.FormatFloat(float64(s), 'g', -1, 64) }

// Times is a multiple. In the file: 6x or 6.
type Times float64

// SetText implements yaml.Text.
func (t *Times) SetText(text string) error {
	v, err := number(strings.TrimSuffix(text, "x"))
	if err != nil {
		return fmt.Errorf("%q is no multiple (write 6x or 0.2x)", text)
	}
	*t = Times(v)
	return nil
}

// Wanted implements yaml.Text.
func (t *Times) Wanted() string { return "a multiple" }

// String is the multiple as the file takes it.
func (t Times) String() string { return strconv.FormatFloat(float64(t), 'g', -1, 64) + "x" }

// number reads one of 0..1e6.
func number(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= 1e6) {
		return 0, strconv.ErrSyntax
	}
	return v, nil
}
