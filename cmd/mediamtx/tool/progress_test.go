package tool

import (
	"strings"
	"testing"
	"time"
)

func TestProgressSpeaksEveryFiveSecondsOfCompiling(t *testing.T) {
	var out strings.Builder
	now := time.Unix(1000, 0)
	p := newProgress(&out)
	p.now, p.start = func() time.Time { return now }, now
	p.compiling(4)
	for range 4 { // a package every two seconds
		now = now.Add(2 * time.Second)
		p.compiled("some/package")
	}
	p.done()
	want := "mediamtx " + Version + ": compiling 4 packages, about 2 minutes on two cores; once, then cached (0 s)\n" +
		"mediamtx " + Version + ": compiling, package 3 of at most 4 (6 s)\n" +
		"mediamtx " + Version + ": ready (8 s)\n"
	if out.String() != want {
		t.Errorf("progress said\n%swant\n%s", &out, want)
	}
}
