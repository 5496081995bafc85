package host

import (
	"errors"
	"testing"
	"time"
)

func TestTheBackOffBeginsAfterTheFirstFailureAndEndsWithHealth(t *testing.T) {
	at, cause := &place{}, errors.New("killed")
	near := func(what string, want time.Duration) {
		t.Helper()
		if d := at.wait(); d > want || d < want-want/2 {
			t.Errorf("%s: another is started in %v; want %v", what, d, want)
		}
	}
	at.failed(cause, 11*time.Second)
	near("after long health", 0)
	at.failed(cause, time.Second)
	near("after short health", 0)
	at.failed(cause, 999*time.Millisecond)
	near("soon after", 100*time.Millisecond)
	at.failed(cause, 999*time.Millisecond)
	near("and again", 200*time.Millisecond)
	for range breakAfter {
		at.failed(cause, 0)
	}
	near("after so many", breakFor)
	at.reset()
	near("after a reset", 0)
	at.failed(cause, 0)
	near("at the first start", 100*time.Millisecond)
	at.reset()
	for range breakAfter {
		at.failed(cause, 2*time.Second)
	}
	near("after so many short lives", breakFor)
}
