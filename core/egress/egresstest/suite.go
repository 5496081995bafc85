package egresstest

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/egress"
)

// Suite runs every clause of the contract, one after the other. After the first, which counts goroutines, t is parallel, so
// that those of several suites beside one another wait together.
func Suite(t *testing.T, h Harness) {
	if len(h.First.Groups) == 0 || len(h.Second.Groups) == 0 || h.New == nil || h.Target == nil {
		t.Fatal("egresstest: New, Target, First and Second are needed")
	}
	clauses := []struct {
		name string
		run  func(*testing.T, *Harness)
	}{
		{"a wrong parameter is refused by name", wrongParameter},
		{"pacing is one of the choices and constant", constantPacing},
		{"ready is called once, with the URLs", readyOnce},
		{"what it is fed can be played", plays},
		{"a closed feed ends it without an error", closedFeed},
		{"the end of its context ends it without an error", endedContext},
		{"a context that ended before ends it at once", deadContext},
		{"another one works at the same place afterwards", again},
		{"a new epoch goes on with the new tracks", newEpoch},
		{"a gap is passed over", gap},
		{"media before the first epoch is passed over", early},
		{"a group that cannot be used is passed over", malformed},
		{"a player that does not read never holds up the feed", stuck},
		{"a place that is taken is an output error that names it", busy},
	}
	t.Run("nothing is left when it has returned", func(t *testing.T) { nothingLeft(t, &h) })
	t.Parallel()
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) { c.run(t, &h) })
	}
}

func wrongParameter(t *testing.T, h *Harness) {
	for _, w := range h.Wrong {
		_, err := h.New(w.Config)
		if !errors.Is(err, egress.ErrConfig) || !strings.Contains(err.Error(), w.Parameter) {
			t.Errorf("New with a wrong %s: %v; want an ErrConfig that names it", w.Parameter, err)
		}
	}
}

func constantPacing(t *testing.T, h *Harness) {
	l := run(t, h, h.Target(t).Config)
	first := l.egress.Pacing()
	if first != egress.AsComplete && first != egress.AtPlayout {
		t.Fatalf("Pacing is %d", first)
	}
	l.urls()
	if now := l.egress.Pacing(); now != first {
		t.Fatalf("Pacing was %d and is %d", first, now)
	}
}

func readyOnce(t *testing.T, h *Harness) {
	l := run(t, h, h.Target(t).Config)
	urls := l.urls()
	if (len(urls) > 0) != (h.URLs != "") {
		t.Errorf("URLs %q; want those that begin with %q", urls, h.URLs)
	}
	for _, u := range urls {
		if !strings.HasPrefix(u, h.URLs) {
			t.Errorf("URL %q does not begin with %q", u, h.URLs)
		}
	}
	l.give(egress.Begin{Descriptor: h.First.Descriptor})
	l.stream(h.First.Groups[:10])
	l.give(egress.Begin{Descriptor: h.Second.Descriptor})
	l.stream(h.Second.Groups[:10])
	l.stop()
	_ = l.end()
	if n := l.readyCalls(); n != 1 {
		t.Errorf("ready was called %d times", n)
	}
}

func plays(t *testing.T, h *Harness) {
	target := h.Target(t)
	l := run(t, h, target.Config)
	l.plays(target, l.urls(), h.First)
}

func closedFeed(t *testing.T, h *Harness) {
	l := run(t, h, h.Target(t).Config)
	l.urls()
	l.give(egress.Begin{Descriptor: h.First.Descriptor})
	l.stream(h.First.Groups[:10])
	close(l.feed)
	if err := l.end(); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

func endedContext(t *testing.T, h *Harness) {
	l := run(t, h, h.Target(t).Config)
	l.urls()
	l.give(egress.Begin{Descriptor: h.First.Descriptor})
	l.stream(h.First.Groups[:10])
	l.stop()
	if err := l.end(); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

func deadContext(t *testing.T, h *Harness) {
	l := run(t, h, h.Target(t).Config)
	l.stop()
	if err := l.end(); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

func nothingLeft(t *testing.T, h *Harness) {
	target := h.Target(t)
	life := func() {
		l := run(t, h, target.Config)
		l.urls()
		l.give(egress.Begin{Descriptor: h.First.Descriptor})
		l.stream(h.First.Groups[:10])
		close(l.feed)
		if err := l.end(); err != nil {
			t.Errorf("Run returned %v", err)
		}
	}
	life() // what is kept for the next one, such as a process, is there then
	before := runtime.NumGoroutine()
	for range 4 { // more than may be about to end still
		life()
	}
	goroutinesFall(t, before)
}

func again(t *testing.T, h *Harness) {
	target := h.Target(t)
	for range 2 {
		l := run(t, h, target.Config)
		l.plays(target, l.urls(), h.First)
		l.stop()
		if err := l.end(); err != nil {
			t.Fatalf("Run returned %v", err)
		}
	}
}

func newEpoch(t *testing.T, h *Harness) {
	target := h.Target(t)
	l := run(t, h, target.Config)
	urls := l.urls()
	l.plays(target, urls, h.First)
	l.plays(target, urls, h.Second)
}

func gap(t *testing.T, h *Harness) {
	target := h.Target(t)
	l := run(t, h, target.Config)
	urls := l.urls()
	l.give(egress.Begin{Descriptor: h.First.Descriptor})
	l.stream(h.First.Groups[:10])
	last, resume := h.First.Groups[9], h.First.Groups[15]
	l.give(egress.Gap{From: last.Time + last.Span, Resume: resume.Time})
	l.stream(h.First.Groups[15:])
	l.plays(target, urls, h.Second)
}

func early(t *testing.T, h *Harness) {
	target := h.Target(t)
	l := run(t, h, target.Config)
	urls := l.urls()
	l.give(egress.Gap{Resume: time.Second})
	l.give(egress.Media{Group: h.First.Groups[0]})
	l.plays(target, urls, h.First)
}

func malformed(t *testing.T, h *Harness) {
	target := h.Target(t)
	l := run(t, h, target.Config)
	urls := l.urls()
	l.give(egress.Begin{Descriptor: h.First.Descriptor})
	l.give(egress.Media{Group: h.First.Groups[0]})
	for _, payload := range [][]byte{{}, {0, 0, 0, 1}, make([]byte, 100), half(h.First.Groups[1].Payload)} {
		bad := h.First.Groups[1]
		bad.Payload = payload
		l.give(egress.Media{Group: bad})
	}
	broken := *h.First.Descriptor
	broken.Init = half(broken.Init)
	l.give(egress.Begin{Descriptor: &broken})
	l.give(egress.Media{Group: h.First.Groups[0]})
	l.plays(target, urls, h.Second)
}

func half(b []byte) []byte { return b[:len(b)/2] }

func stuck(t *testing.T, h *Harness) {
	target := h.Target(t)
	if target.Stick == nil {
		t.Skip("SKIPPED: the output has no players that could be slow (Target.Stick)")
	}
	l := run(t, h, target.Config)
	urls := l.urls()
	l.give(egress.Begin{Descriptor: h.First.Descriptor})
	l.stream(h.First.Groups[:10])
	seen := make(chan error, 1)
	enough := make(chan struct{})
	go func() {
		defer close(enough)
		seen <- target.Stick(urls)
	}()
	if err := errors.Join(l.offerAll(h.First.Groups[10:], enough), <-seen); err != nil {
		t.Fatal(err)
	}
	// Far more than a socket's buffers hold, as fast as it goes.
	epoch := *h.Second.Descriptor
	for i := range uint32(30) {
		epoch.Epoch = h.Second.Descriptor.Epoch + i
		d := epoch
		l.give(egress.Begin{Descriptor: &d})
		for _, g := range h.Second.Groups {
			g.Epoch = d.Epoch
			l.give(egress.Media{Group: g, Due: time.Now()})
		}
	}
	l.stop()
	if err := l.end(); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

func busy(t *testing.T, h *Harness) {
	if h.Busy == nil {
		t.Skip("SKIPPED: there is no place that somebody else could have taken (Harness.Busy)")
	}
	cfg, address, free := h.Busy(t)
	l := run(t, h, cfg)
	err := l.end()
	if !errors.Is(err, egress.ErrOutput) || !strings.Contains(err.Error(), address) {
		t.Errorf("Run returned %v; want an ErrOutput that names %s", err, address)
	}
	if n := l.readyCalls(); n != 0 {
		t.Errorf("ready was called %d times", n)
	}
	free()
	run(t, h, cfg).urls()
}
