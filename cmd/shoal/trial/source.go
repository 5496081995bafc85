package trial

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/sim"
)

// source is the source over its lives: one, unless the scenario kills it. What is not under the lock belongs to the conductor.
type source struct {
	call   ServeCall // the same for each life
	outage []sim.SourceDown
	hand   *hand         // of the newest life
	back   time.Duration // when the next life begins; 0 while there is a hand
	last   Source        // what the present life said last
	past   Source        // of the lives before, together
	news   chan struct{} // has room for one: what keeps viewers from joining or the source from dying may be over

	mu    sync.Mutex
	url   string // where viewers join
	lives []life
}

// life is one of the source.
type life struct {
	began  time.Time // its process
	live   time.Time // its stream; zero before
	killed time.Time // zero while it lives
}

// serve begins a life of the source, and returns when its stream is live.
func (t *trial) serve(ctx context.Context) error {
	if err := t.spawn(); err != nil {
		return err
	}
	if err := t.source.serve(ctx, t.source.hand); err != nil {
		return fmt.Errorf("trial: %w", err)
	}
	return nil
}

// spawn begins a life of the source.
func (t *trial) spawn() error {
	s := t.source
	began := time.Now()
	h, err := hire(t.opts.Worker, t.opts.Dir, partSource)
	if err != nil {
		return err
	}
	s.hand, s.back = h, 0
	s.mu.Lock()
	s.lives = append(s.lives, life{began: began})
	s.mu.Unlock()
	return nil
}

// serve lets the newest life publish, and returns when its stream is live.
func (s *source) serve(ctx context.Context, h *hand) error {
	var answer ServeAnswer
	if err := h.call(ctx, "Serve", s.call, &answer); err != nil {
		return err
	}
	s.mu.Lock()
	s.url, s.lives[len(s.lives)-1].live = answer.URL, time.Now()
	s.mu.Unlock()
	s.tell()
	return nil
}

// tell has the conductor look again.
func (s *source) tell() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// live reports whether the source publishes.
func (s *source) live() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.lives)
	return n > 0 && !s.lives[n-1].live.IsZero() && s.lives[n-1].killed.IsZero()
}

// join is where viewers join.
func (s *source) join() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// exited is closed when the present life has ended; nil while there is none.
func (s *source) exited() <-chan struct{} {
	if s.back > 0 {
		return nil
	}
	return s.hand.exited
}

// measure is what the source has measured so far, over all of its lives. One that is not live yet has measured nothing.
func (s *source) measure(ctx context.Context) (Source, error) {
	if s.live() {
		var now Source
		if err := s.hand.call(ctx, "Source", Nothing(0), &now); err != nil {
			return Source{}, err
		}
		s.last = now
	}
	sum := s.past
	sum.add(&s.last)
	return sum, nil
}

// add adds what a later life has measured.
func (s *Source) add(later *Source) {
	peer := later.Peer
	peer.WireSent += s.Peer.WireSent
	peer.ChunkSent += s.Peer.ChunkSent
	peer.Uplink = max(peer.Uplink, s.Peer.Uplink)
	s.Peer = peer // the report reads no more of the source
	s.Ingest.Merge(&later.Ingest)
	s.Published += later.Published
	s.Sent += later.Sent
	s.Most1s = max(s.Most1s, later.Most1s)
}

// kill kills the source, and says when its next life begins.
func (t *trial) kill(ctx context.Context, o sim.SourceDown) {
	const within = 500 * time.Millisecond
	s := t.source
	asking, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	_, _ = s.measure(asking) // without an answer, what it said in the second before counts
	killed := time.Now()
	t.used.lose(partSource, s.hand.kill)
	_ = s.hand.client.Close() // nobody is at its other end
	s.past.add(&s.last)
	s.last = Source{}
	s.mu.Lock()
	s.lives[len(s.lives)-1].killed = killed
	s.mu.Unlock()
	s.back = killed.Add(o.For).Sub(t.began)
	t.say("the source is killed, and starts again in %v", o.For)
}

// turn kills the source when it is to die, and begins its next life when that is due. It answers when it is to be called again; ok is
// false when the source is about to die or is not live, and nobody may join. It does not die while somebody joins, for who finds
// nobody there has not begun to watch.
func (t *trial) turn(ctx context.Context, now time.Duration) (next time.Duration, ok bool, err error) {
	s := t.source
	next = t.plan.sim.Duration
	if s.back > 0 && s.back <= now {
		if err := t.spawn(); err != nil {
			return 0, false, err
		}
		t.used.pids(partSource, s.hand.cmd.Process.Pid)
		h := s.hand
		t.calls.Go(func() { t.fail(ctx, s.serve(ctx, h)) })
	}
	live := s.live()
	if live && len(s.outage) > 0 && s.outage[0].At <= now {
		if t.joining.Load() > 0 {
			return next, false, nil // news come when they have joined
		}
		t.kill(ctx, s.outage[0])
		s.outage, live = s.outage[1:], false
	}
	switch {
	case s.back > 0:
		next = s.back
	case live && len(s.outage) > 0:
		next = s.outage[0].At
	}
	return next, live, nil
}
