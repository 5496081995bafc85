package trial

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/report"
)

// clock is so many milliseconds into a trial.
func clock(ms int64) time.Time { return time.UnixMilli(1_000_000 + ms) }

// plays is a viewer that begins to play an epoch at these times, in milliseconds, each born 300 ms before.
func plays(viewer int, at ...int64) Measured {
	m := Measured{Viewer: viewer}
	for i, ms := range at {
		m.Played = append(m.Played, Played{Epoch: uint32(i + 1), Born: clock(ms - 300).UnixMicro(), At: clock(ms).UnixMicro()})
	}
	return m
}

func TestViewersThatPlayedBeforeAreCounted(t *testing.T) {
	lives := []life{
		{began: clock(-900), live: clock(-100), killed: clock(10_000)},
		{began: clock(12_000), live: clock(13_000), killed: clock(20_000)},
		{began: clock(22_000), live: clock(22_500)},
	}
	viewers := []Measured{
		plays(0, 1000, 14_000, 23_500), // after 1 s, both times
		plays(1, 1000, 15_000),         // after 2 s, and then never
		plays(2, 1000, 23_500),         // only the second time, after 1 s
		plays(3, 16_000),               // it came when the source was back, and left later
		plays(4),                       // it never played
		plays(5, 1000),                 // it left before the source was back
		plays(6, 25_000),               // it came later
	}
	left := map[int]time.Time{3: clock(21_000), 5: clock(11_000)}
	r := restarts(lives, viewers, func(viewer int) time.Time { return left[viewer] })
	if r.Killed != 2 || r.LiveMS.Samples != 2 || r.LiveMS.Max != 1000 {
		t.Errorf("%+v, want 2 restarts that took 1 s at most", *r)
	}
	if r.ResumeMS.Samples != 4 || r.ResumeMS.Max != 2000 || r.NeverResumed != 2 {
		t.Errorf("%+v, want 4 times after 2 s at most, and 2 never", *r)
	}
}

func TestASourceThatIsNotBackAtTheEnd(t *testing.T) {
	lives := []life{{began: clock(-900), live: clock(-100), killed: clock(10_000)}, {began: clock(12_000)}}
	r := restarts(lives, []Measured{plays(0, 1000)}, func(int) time.Time { return time.Time{} })
	if r.Killed != 1 || r.LiveMS.Samples != 0 || r.ResumeMS.Samples != 0 || r.NeverResumed != 1 {
		t.Errorf("%+v, want one viewer that did not play again", *r)
	}
	if r := restarts(lives[:1], nil, nil); r == nil || r.Killed != 1 {
		t.Errorf("a source that is dead at the end: %+v", r)
	}
	if r := restarts([]life{{live: clock(0)}}, nil, nil); r != nil {
		t.Errorf("without a kill: %+v", *r)
	}
}

func TestTheSourceIsSummedOverItsLives(t *testing.T) {
	lived := func(sent uint64, us int64) Source {
		s := Source{Published: sent / 2, Sent: sent, Most1s: sent / 10, Peer: report.Peer{ChunkSent: sent - 1, WireSent: sent, Uplink: 7}}
		s.Ingest.Add(us)
		return s
	}
	s := &source{past: lived(1000, 5), last: lived(600, 9)}
	got, err := s.measure(t.Context()) // it is dead: what it said last counts
	if err != nil {
		t.Fatal(err)
	}
	if got.Published != 800 || got.Sent != 1600 || got.Most1s != 100 || got.Ingest.Count() != 2 || got.Peer.ChunkSent != 1598 || got.Peer.WireSent != 1600 || got.Peer.Uplink != 7 {
		t.Errorf("together %+v", got)
	}
	if s.past.Sent != 1000 {
		t.Errorf("the lives before have sent %d now", s.past.Sent)
	}
	got.add(new(Source)) // one that never was live
	if got.Sent != 1600 || got.Peer.Uplink != 7 {
		t.Errorf("with a life that said nothing: %+v", got)
	}
}

func TestPortsAreFreeAndAllDifferent(t *testing.T) {
	ports, err := freePorts(20)
	if err != nil || len(ports) != 20 {
		t.Fatalf("%v, %v", ports, err)
	}
	seen := make(map[int]bool)
	for _, p := range ports {
		if seen[p] || p < 10_000 || p >= 30_000 {
			t.Errorf("port %d of %v", p, ports)
		}
		seen[p] = true
	}
}
