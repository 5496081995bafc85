package engine

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// quietSince is an engine with as many neighbours, of whom the first have not been heard since the time, at a second after that.
func quietSince(quiet time.Duration, silent, all int) *Engine {
	e := &Engine{now: quiet + time.Second}
	for i := range all {
		l := &link{id: swarm.LinkID(i + 1), up: true, heard: e.now}
		if i < silent {
			l.heard = quiet
		}
		e.links = append(e.links, l)
	}
	return e
}

func TestFeedersThatFallSilentTogetherAlarm(t *testing.T) {
	for name, c := range map[string]struct { // order-free: each on its own
		silent, all int
		falls       []int         // places of the links that fall silent
		apart       time.Duration // one after another
		later       time.Duration // that it is looked at
		quiet       time.Duration
	}{
		"one alone":                       {1, 8, []int{0}, 0, 0, quietAfter},
		"one in two substreams":           {1, 8, []int{0, 0}, 0, 0, quietAfter},
		"two":                             {2, 8, []int{0, 1}, 100 * time.Millisecond, 0, alertQuiet},
		"two, long after one another":     {2, 8, []int{0, 1}, alertWithin, 0, quietAfter},
		"two that are there, and cut off": {0, 8, []int{0, 1}, 0, 0, quietAfter},
		"two, of whom one is there":       {1, 8, []int{0, 1}, 0, 0, quietAfter},
		"a while later":                   {2, 8, []int{0, 1}, 0, alertFor, quietAfter},
		"most, so it is this peer":        {5, 8, []int{0, 1, 2, 3, 4}, 0, 0, quietAfter},
	} {
		e := quietSince(time.Minute, c.silent, c.all)
		for i, place := range c.falls {
			if i > 0 {
				e.now += c.apart
			}
			e.alert.silent(e.links[place], e.now)
		}
		e.now += c.later
		fed := e.links[len(e.links)-1]
		fed.theirs.answered = 1
		for _, l := range e.links[c.silent:] {
			l.heard = e.now
		}
		if quiet, _ := e.endures(fed); quiet != c.quiet {
			t.Errorf("%s: a neighbour that is fed may be silent for %v, want %v", name, quiet, c.quiet)
		}
	}
}
