package hls

import (
	"testing"
	"time"
)

const ms = time.Millisecond

// pieces feeds a pacer with pieces of the given length, each coming late by what late says, and answers when the first unit of
// each was due after it came.
func pieces(p *pacer, length time.Duration, late ...time.Duration) (waits []time.Duration) {
	zero := time.Unix(1000, 0)
	for n, l := range late {
		first := time.Duration(n) * length
		came := zero.Add(first + l)
		p.piece(first, 0, came)
		waits = append(waits, p.due(first).Sub(came))
	}
	return waits
}

func TestPiecesAreDueAsFarApartAsTheirMediaIs(t *testing.T) {
	for _, c := range []struct {
		name string
		late []time.Duration
		want []time.Duration
	}{
		{"on time", []time.Duration{0, 0, 0}, []time.Duration{0, 0, 0}},
		{"one that is early waits", []time.Duration{0, -50 * ms, 0}, []time.Duration{0, 50 * ms, 0}},
		{"one that is late moves those after it", []time.Duration{0, 80 * ms, 0, 0}, []time.Duration{0, 0, 80 * ms, 80 * ms}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for n, got := range pieces(&pacer{}, time.Second, c.late...) {
				if got != c.want[n] {
					t.Errorf("piece %d is due %v after it came, want %v", n, got, c.want[n])
				}
			}
		})
	}
}

func TestADelayThatIsNotNeededShrinksSlowly(t *testing.T) {
	late := make([]time.Duration, 200)
	late[0] = 500 * ms
	waits := pieces(&pacer{}, 200*ms, late...)
	for n := 2; n < len(waits); n++ {
		if shrunk := waits[n-1] - waits[n]; shrunk < 0 || shrunk > 10*ms {
			t.Errorf("piece %d: the delay shrinks by %v in 200ms", n, shrunk)
		}
	}
	if waits[40] != 500*ms || waits[199] != 0 {
		t.Errorf("the delay is %v after 8 s and %v after 40 s", waits[40], waits[199])
	}
}

func TestClocksThatDriftAreFollowed(t *testing.T) {
	for name, drift := range map[string]time.Duration{"a source that is faster": -100 * time.Microsecond, "a source that is slower": 100 * time.Microsecond} { // order-free: each has a pacer of its own
		t.Run(name, func(t *testing.T) { // 500 ppm for an hour
			late := make([]time.Duration, 18000)
			for n := range late {
				late[n] = time.Duration(n) * drift
			}
			for n, w := range pieces(&pacer{}, 200*ms, late...) {
				if w < 0 || w > 20*ms {
					t.Fatalf("piece %d waits %v", n, w)
				}
			}
		})
	}
}
