package clip

import (
	"fmt"
	"time"
)

// fillable are the bundled clips that a Fill with spans of 100 ms fits: H.264 of 30 pictures a second, a key frame on
// each whole second and no B-frames, by rising rate.
var fillable = []string{"h264-opus", "clock"}

// ForRate names the bundled clip to fill, where a stream has so many bits per second and a key frame a second: the one
// with the most to see that needs at least a tenth less by itself, sent in groups of 100 ms. [ErrUnknown] means that the rate
// is too low for any. There are none for other distances of key frames.
func ForRate(bitsPerSecond uint64) (string, error) {
	best, least := "", uint64(0)
	for i, name := range fillable {
		rate, err := rateOf(name)
		if err != nil {
			return "", err
		}
		needs := rate*10/9 + 1
		if i == 0 {
			least = needs
		}
		if bitsPerSecond >= needs {
			best = name
		}
	}
	if best == "" {
		return "", fmt.Errorf("clip: %w for %d bits per second (the smallest needs %d)", ErrUnknown, bitsPerSecond, least)
	}
	return best, nil
}

// rateOf is the mean rate of a bundled clip in groups of 100 ms, in bits per second.
func rateOf(name string) (uint64, error) {
	c, err := Open(name)
	if err != nil {
		return 0, err
	}
	p, err := newPlayer(c, 1)
	if err != nil {
		return 0, err
	}
	f, err := newFiller(Fill{Span: 100 * time.Millisecond}, c)
	if err != nil {
		return 0, err
	}
	p.filler = f
	bytes := 0
	for !p.over(p.tracks[f.track]) {
		s, err := f.measure(p)
		if err != nil {
			return 0, err
		}
		bytes += s.bytes
	}
	return uint64(float64(bytes) * 8 / c.Duration.Seconds()), nil
}
