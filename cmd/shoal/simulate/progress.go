package simulate

import (
	"fmt"
	"strings"
	"time"
)

// Progress is how far all runs are.
type Progress struct {
	Done    float64 // 0..1, of the virtual time of all viewers
	Policy  string  // of the run that tells
	Viewers int     // of that run
	Seed    uint64  // of that run
}

// Text is the progress as one line, with an estimate of what is left once so much time was taken.
func (p Progress) Text(took time.Duration) string {
	const width = 30
	full := int(p.Done * width)
	left := "?"
	if p.Done > 0.01 { // or a guess
		left = time.Duration(float64(took) * (1 - p.Done) / p.Done).Round(time.Second).String()
	}
	return fmt.Sprintf("[%s%s] %3.0f %%, %s left (%s, %d viewers, seed %d)",
		strings.Repeat("#", full), strings.Repeat("-", width-full), 100*p.Done, left, p.Policy, p.Viewers, p.Seed)
}
