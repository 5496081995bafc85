package node

import (
	"testing"
	"time"
)

func TestTheMostOfASecondIsOfASecond(t *testing.T) {
	for name, c := range map[string]struct {
		every time.Duration // readings come
		bytes func(at time.Duration) uint64
		want  uint64
	}{
		"evenly":                  {100 * time.Millisecond, func(time.Duration) uint64 { return 1000 }, 10_000},
		"readings that come late": {130 * time.Millisecond, func(time.Duration) uint64 { return 1300 }, 10_000},
		"one burst": {100 * time.Millisecond, func(at time.Duration) uint64 {
			if at == 2*time.Second {
				return 5000
			}
			return 0
		}, 5000},
		"a second of more": {100 * time.Millisecond, func(at time.Duration) uint64 {
			if at > 2*time.Second && at <= 3*time.Second {
				return 2000
			}
			return 1000
		}, 20_000},
	} {
		var m meter
		for at := c.every; at < 6*time.Second; at += c.every {
			m.add(at, c.bytes(at))
		}
		if m.Most != c.want {
			t.Errorf("%s: at most %d bytes in a second, want %d", name, m.Most, c.want)
		}
	}
}
