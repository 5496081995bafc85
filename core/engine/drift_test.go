package engine

import (
	"testing"
	"time"
)

func TestAClockThatDriftsIsNotToldAsDelay(t *testing.T) {
	const (
		drift = 30e-6 // of time
		queue = 20_000
	)
	var in incoming
	in.any = true
	for now := time.Duration(0); now < time.Hour; now += 100 * time.Millisecond {
		way := int64(float64(now/time.Microsecond) * drift)
		in.lag, in.lags = 0, 0
		for i := range int64(11) { // a group, of which each chunk waits for those before
			in.late(way+i*queue/5, now)
		}
		if told := in.delay(); told < queue*time.Microsecond || told > (queue+4_000)*time.Microsecond {
			t.Fatalf("after %v: %v are told of %v", now, told, queue*time.Microsecond)
		}
	}
}
