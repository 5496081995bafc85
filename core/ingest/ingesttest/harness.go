package ingesttest

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

// Harness brings an implementation and its sources. Functions may start servers, which they stop by t.Cleanup.
type Harness struct {
	New ingest.Factory
	// Live is a source with video that plays for as long as the test runs, with a key frame at least every 2 s.
	Live func(t *testing.T) ingest.Config
	// Absent is one that is not there.
	Absent func(t *testing.T) ingest.Config
	// Ending is one that ends when end is called. nil: it cannot be made to.
	Ending func(t *testing.T) (cfg ingest.Config, end func())
	// Denied is one that this reader may not read. nil: there is no such thing.
	Denied func(t *testing.T) ingest.Config
	// Unsupported is one with a codec that cannot be carried, whose name is codec. nil: there is no such thing.
	Unsupported func(t *testing.T) (cfg ingest.Config, codec string)
	// Changing is one whose picture gets another size when change is called, while Run goes on. nil: it cannot be made to.
	Changing func(t *testing.T) (cfg ingest.Config, change func())
	// Stamped is one that tells when its media was captured, by this machine's clock. nil: the ingest measures nothing.
	Stamped func(t *testing.T) ingest.Config
	// Bad are configs that New refuses, by the name of what is wrong with them.
	Bad map[string]ingest.Config
}

const (
	patience = 15 * time.Second       // for what must happen
	prompt   = 2 * time.Second        // for Run to end once asked to
	skew     = 500 * time.Millisecond // between a group's Born and its arrival, on a busy machine
)

// sink records what comes, and checks what must hold of every call.
type sink struct {
	t     *testing.T
	busy  atomic.Int32
	mu    sync.Mutex
	media []ingest.Media
	kept  []kept
	wake  chan struct{} // has room for one
	fail  error         // answered from the first group on
	ended bool          // an error was answered, or Run has returned
	over  bool          // Run has returned
	err   error         // what it returned
}

// kept is a group and what it was when it came.
type kept struct {
	epoch int
	group chunk.Group
	sum   uint64
}

func newSink(t *testing.T) *sink { return &sink{t: t, wake: make(chan struct{}, 1)} }

func (s *sink) enter(what string) (leave func()) {
	if s.busy.Add(1) != 1 {
		s.t.Errorf("%s came while another call was under way", what)
	}
	s.mu.Lock()
	if s.ended {
		s.t.Errorf("%s came after the end", what)
	}
	return func() {
		s.mu.Unlock()
		s.busy.Add(-1)
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// Tracks implements ingest.Sink.
func (s *sink) Tracks(m ingest.Media) error {
	defer s.enter("Tracks")()
	s.media = append(s.media, m)
	s.checkMedia(m)
	return nil
}

// Group implements ingest.Sink.
func (s *sink) Group(g chunk.Group) error {
	defer s.enter("Group")()
	if len(s.media) == 0 {
		s.t.Error("a group came before Tracks")
	}
	epoch := len(s.media)
	first := len(s.kept) == 0 || s.kept[len(s.kept)-1].epoch != epoch
	switch {
	case first && !g.RandomAccess:
		s.t.Errorf("the first group of epoch %d is not a random-access one", epoch)
	case first && g.Time > time.Second:
		s.t.Errorf("epoch %d begins at %v", epoch, g.Time)
	case !first && g.Time < s.kept[len(s.kept)-1].group.Time:
		s.t.Errorf("time goes back from %v to %v", s.kept[len(s.kept)-1].group.Time, g.Time)
	}
	s.checkGroup(&g)
	s.kept = append(s.kept, kept{epoch: epoch, group: g, sum: sum(g.Payload)})
	if s.fail != nil {
		s.ended = true
	}
	return s.fail
}

func (s *sink) checkMedia(m ingest.Media) {
	if len(m.Tracks) == 0 || len(m.Tracks) > chunk.MaxTracks {
		s.t.Errorf("Tracks brings %d tracks", len(m.Tracks))
	}
	if len(m.Init) > chunk.MaxInit || len(m.Init) < 8 || !bytes.Equal(m.Init[4:8], []byte("ftyp")) {
		s.t.Errorf("Init is no init segment: %d bytes", len(m.Init))
	}
	seen := map[uint32]bool{}
	for _, k := range m.Tracks {
		if k.ID == 0 || seen[k.ID] || k.Codec == "" || k.Timescale == 0 {
			s.t.Errorf("track %+v", k)
		}
		seen[k.ID] = true
		if k.Kind == chunk.Video && (k.Width == 0 || k.Height == 0) || k.Kind == chunk.Audio && (k.Rate == 0 || k.Channels == 0) {
			s.t.Errorf("track %+v", k)
		}
	}
}

func (s *sink) checkGroup(g *chunk.Group) {
	late := time.Since(time.UnixMicro(g.Born))
	switch {
	case len(g.Payload) < 16 || len(g.Payload) > chunk.MaxGroupSize:
		s.t.Errorf("a group of %d bytes", len(g.Payload))
	case !bytes.Equal(g.Payload[4:8], []byte("moof")) && !bytes.Equal(g.Payload[4:8], []byte("styp")):
		s.t.Errorf("a group that begins with %q", g.Payload[4:8])
	case g.Time%time.Microsecond != 0 || g.Span%time.Microsecond != 0 || g.Time < 0 || g.Span <= 0:
		s.t.Errorf("a group at %v for %v", g.Time, g.Span)
	case late > skew || late < -time.Millisecond:
		s.t.Errorf("a group came %v after Born", late)
	}
}

func sum(b []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(b) // never fails
	return h.Sum64()
}

// wait returns when done answers true, which is asked with the sink locked.
func (s *sink) wait(what string, done func() bool) {
	s.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		ok, over, err := done(), s.over, s.err
		s.mu.Unlock()
		if ok {
			return
		}
		if over {
			s.t.Fatalf("Run ended before %s came: %v", what, err)
		}
		select {
		case <-s.wake:
		case <-deadline.C:
			s.t.Fatalf("%s did not come in %v", what, patience)
		}
	}
}

// running is an ingest under test.
type running struct {
	t      *testing.T
	ingest ingest.Ingest
	sink   *sink
	stop   context.CancelFunc
	done   chan error
}

func start(t *testing.T, h *Harness, cfg ingest.Config, s *sink) *running {
	t.Helper()
	i, err := h.New(cfg)
	if err != nil {
		t.Fatalf("New refused a good config: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{t: t, ingest: i, sink: s, stop: stop, done: make(chan error, 1)}
	go func() {
		err := i.Run(ctx, s)
		s.mu.Lock()
		s.ended, s.over, s.err = true, true, err
		s.mu.Unlock()
		select {
		case s.wake <- struct{}{}:
		default: // it looks anyway
		}
		r.done <- err
	}()
	t.Cleanup(stop)
	return r
}

// end waits for Run to return.
func (r *running) end(within time.Duration) error {
	r.t.Helper()
	select {
	case err := <-r.done:
		return err
	case <-time.After(within):
		r.t.Fatalf("Run did not return in %v", within)
		return fmt.Errorf("unreachable")
	}
}
