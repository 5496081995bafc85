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

func TestAReceiptNamesTheNewestFrame(t *testing.T) {
	var l link
	for _, c := range []struct {
		at    time.Duration
		stamp uint16
		want  uint16
	}{
		{time.Second, 65_000, 65_000},
		{time.Second, 64_990, 65_000}, // it was overtaken
		{2 * time.Second, 1464, 1464}, // stamps begin anew
		{2*time.Second + newestFor, 1000, 1464},
		{22*time.Second + newestFor, 40_000, 40_000}, // so long after the one before that stamps cannot be compared
	} {
		l.in.stamped(c.stamp, c.at)
		if l.in.newest != c.want {
			t.Errorf("after stamp %d at %v: %d, want %d", c.stamp, c.at, l.in.newest, c.want)
		}
	}
}
