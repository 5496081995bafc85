package node_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/transports/memory"
)

// broken is an ingest that fails each time, with the errors given one after the other and the last one for ever.
type broken struct {
	errs  []error
	tries int
}

func (b *broken) Run(context.Context, ingest.Sink) error {
	i := min(b.tries, len(b.errs)-1)
	b.tries++
	return b.errs[i]
}

func TestIngestThatFailsForTheSameReasonIsToldOnceAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{})
		away := fmt.Errorf("%w: nobody listens", ingest.ErrSource)
		in := &broken{errs: []error{away, away, errors.New("odd"), away}}
		b.publish(0, in)
		<-time.After(30 * time.Second)
		synctest.Wait()
		if n := count[event.IngestFailed](b.events); n != 3 {
			t.Errorf("%d events about failures, want one for each change of reason", n)
		}
		if in.tries < 8 {
			t.Errorf("it was tried %d times in 30 s", in.tries)
		}
	})
}

func TestCodecThatCannotBeCarriedIsTriedAgainSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{})
		in := &broken{errs: []error{fmt.Errorf("%w: G711", ingest.ErrCodec)}}
		b.publish(0, in)
		<-time.After(21 * time.Second)
		synctest.Wait()
		if n := count[event.IngestFailed](b.events); n != 1 || in.tries != 5 {
			t.Errorf("%d events and %d tries in 21 s, want 1 and 5", n, in.tries)
		}
	})
}

// republishing is a stream that plays at one viewer, and what its publisher may change.
type republishing struct {
	*bench
	source *node.Node
	screen *screen
	epochs uint32
}

func newRepublishing(t *testing.T) *republishing {
	r := &republishing{bench: newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})}
	r.source = r.node(0)
	r.group.Go(func() {
		err := r.source.Publish(r.ctx, node.StreamConfig{
			Name: "cam", Policy: substreamInline, Fallback: inline, Rendezvous: &seat{table: r.table},
		}, r.config(camera{bytes: 6250}))
		if err != nil && r.ctx.Err() == nil {
			t.Errorf("publish: %v", err)
		}
	})
	<-time.After(time.Second)
	_, r.screen = r.view(substreamInline)
	<-time.After(3 * time.Second)
	return r
}

func (r *republishing) config(in ingest.Ingest) node.PublishConfig {
	return node.PublishConfig{
		Key: r.key, Ingest: func(context.Context) (ingest.Ingest, error) { return in, nil }, Author: sign.NewAuthor,
		NextEpoch: func(context.Context) (uint32, error) { r.epochs++; return r.epochs, nil },
	}
}

// plays waits, and says what was played meanwhile.
func (r *republishing) plays(during time.Duration) (groups, begins int) {
	count := func() (int, int) {
		r.screen.mu.Lock()
		defer r.screen.mu.Unlock()
		return len(r.screen.played), r.screen.begins
	}
	groups, begins = count()
	<-time.After(during)
	g, b := count()
	return g - groups, b - begins
}

// slow is an ingest that takes its time before it has tracks.
type slow struct {
	camera
	after time.Duration
}

func (s slow) Run(ctx context.Context, sink ingest.Sink) error {
	<-time.After(s.after)
	return s.camera.Run(ctx, sink)
}

func TestAnotherIngestTakesOverInANewEpochOnceItHasTracks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepublishing(t)
		if err := r.source.Republish("cam", r.config(slow{camera{bytes: 3000}, 2 * time.Second})); err != nil {
			t.Fatal(err)
		}
		if groups, begins := r.plays(1900 * time.Millisecond); groups < 35 || begins != 0 {
			t.Errorf("while the other ingest begins, %d groups of 38 were played in %d new epochs", groups, begins)
		}
		if groups, begins := r.plays(2 * time.Second); groups < 30 || begins != 1 {
			t.Errorf("once it has tracks, %d groups of 40 were played in %d new epochs, want 1", groups, begins)
		}
		if n := count[event.PeerLeft](r.events); n != 0 {
			t.Errorf("%d links went down", n)
		}
	})
}

func TestAnIngestThatIsRefusedLeavesTheOneThatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepublishing(t)
		if err := r.source.Republish("cam", r.config(&broken{errs: []error{fmt.Errorf("%w: span", ingest.ErrConfig)}})); err != nil {
			t.Fatal(err)
		}
		if groups, begins := r.plays(3 * time.Second); groups < 58 || begins != 0 {
			t.Errorf("%d groups of 60 were played in %d new epochs, want none", groups, begins)
		}
		if n := count[event.IngestFailed](r.events); n != 1 {
			t.Errorf("%d events about it, want 1", n)
		}
	})
}

func TestAnIngestThatNeedsWhatTheOtherHoldsIsTriedOnceThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepublishing(t)
		held := true
		cfg := r.config(nil)
		cfg.Ingest = func(context.Context) (ingest.Ingest, error) {
			if held {
				held = false
				return nil, fmt.Errorf("%w: address in use", ingest.ErrSource)
			}
			return camera{bytes: 3000}, nil
		}
		if err := r.source.Republish("cam", cfg); err != nil {
			t.Fatal(err)
		}
		if groups, begins := r.plays(3 * time.Second); groups < 45 || begins != 1 {
			t.Errorf("%d groups of 60 were played in %d new epochs, want 1", groups, begins)
		}
	})
}

func TestRepublishRefusesWhatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepublishing(t)
		if err := r.source.Republish("other", r.config(camera{})); !errors.Is(err, node.ErrUnknownStream) {
			t.Errorf("another stream: %v", err)
		}
		stranger := r.config(camera{})
		stranger.Key = key(t)
		if err := r.source.Republish("cam", stranger); !errors.Is(err, node.ErrConfig) {
			t.Errorf("another key: %v", err)
		}
	})
}
