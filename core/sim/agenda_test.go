package sim

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestAgendaServesByTimeAndThenByOrder(t *testing.T) {
	const seed = 4
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var a agenda
	type made struct {
		at time.Duration
		n  int32
	}
	var want []made
	n, now := int32(0), time.Duration(0)
	add := func() {
		n++
		at := time.Duration(r.IntN(50))
		switch r.IntN(4) {
		case 0: // on one of the next pages
			at += now + time.Duration(r.IntN(4))*moment
		case 1: // far away
			at += now + pages*moment + time.Duration(r.IntN(4)-2)*moment
		}
		a.add(at, happening{peer: n})
		want = append(want, made{at, n})
	}
	take := func() {
		slices.SortStableFunc(want, func(a, b made) int { return int(a.at - b.at) })
		at, e, ok := a.next()
		if !ok || at != want[0].at || e.peer != want[0].n {
			t.Fatalf("got event %d at %d, want %d at %d", e.peer, at, want[0].n, want[0].at)
		}
		want, now = want[1:], at
	}
	for range 2000 {
		if len(want) == 0 || r.IntN(3) > 0 {
			add()
		} else {
			take()
		}
	}
	for len(want) > 0 {
		take()
	}
	if _, _, ok := a.next(); ok || a.len() != 0 {
		t.Error("the agenda is not empty in the end")
	}
}

func TestAgendaUsesItsMemoryAgain(t *testing.T) {
	var a agenda
	for i := range 1000 {
		a.add(time.Duration(i), happening{})
	}
	at := time.Duration(1000)
	if n := testing.AllocsPerRun(1000, func() {
		a.next()
		at++
		a.add(at, happening{})
	}); n != 0 {
		t.Errorf("%v allocations an event, want none", n)
	}
}

func BenchmarkAgenda(b *testing.B) {
	var a agenda
	r := rand.New(rand.NewPCG(1, 1))
	for range 1_000_000 {
		a.add(time.Duration(r.IntN(1e9)), happening{})
	}
	b.ReportAllocs()
	for b.Loop() {
		at, e, _ := a.next()
		a.add(at+time.Duration(r.IntN(1e8)), e)
	}
}
