package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Percent is a share in whole percent, "" where nothing is said. In the file: 8%, or 0 for none.
type Percent string

// SetText implements [yaml.Text].
func (p *Percent) SetText(text string) error {
	digits, ok := strings.CutSuffix(text, "%")
	v, err := strconv.ParseUint(digits, 10, 8)
	if err != nil || !ok && v != 0 || v > 100 {
		return fmt.Errorf("%q is no share in whole percent (write 8%%, or 0 for none; all is 100%%)", text)
	}
	*p = Percent(strconv.FormatUint(v, 10) + "%")
	return nil
}

// Wanted implements [yaml.Text].
func (p *Percent) Wanted() string { return "a share in percent" }

// Int is the share, 0..100.
func (p Percent) Int() int {
	v, _ := strconv.Atoi(strings.TrimSuffix(string(p), "%")) // "" is 0, and SetText lets nothing else in
	return v
}
