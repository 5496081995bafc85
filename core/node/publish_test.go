package node_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
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
