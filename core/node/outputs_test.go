package node_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/transports/memory"
)

func TestOutputThatFailsIsStartedAgainUnlessItsConfigIsWrong(t *testing.T) {
	for _, c := range []struct {
		name   string
		fails  error
		starts int // in 10 s
	}{
		{"an address in use is tried on, and told once", egress.ErrOutput, 7}, // 100 ms, doubled up to 5 s
		{"a wrong config is told, and not tried again", egress.ErrConfig, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, memory.Config{Seed: 1})
				starts := 0
				err := b.node(0).Join(b.viewer(node.Output{Name: "hls", Start: func(context.Context) (egress.Egress, error) {
					starts++
					return nil, fmt.Errorf("%w: it is in use", c.fails)
				}}))
				if err != nil {
					t.Fatal(err)
				}
				<-time.After(10 * time.Second)
				synctest.Wait()
				if starts != c.starts {
					t.Errorf("it was started %d times, want %d", starts, c.starts)
				}
				if told := count[event.PartFailed](b.events); told != 1 {
					t.Errorf("it was told %d times", told)
				}
			})
		})
	}
}

// shown is an output of that name whose screen is s.
func shown(name string, s *screen) node.Output {
	return node.Output{Name: name, Start: func(context.Context) (egress.Egress, error) { return s, nil }}
}

func TestOutputsComeAndGoWhileAViewerPlays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		b.publish(0, camera{bytes: 6250})
		<-time.After(time.Second)
		n, first := b.view(substreamInline)
		<-time.After(2 * time.Second)
		second := &screen{}
		if err := n.AddOutput("cam", shown("second", second)); err != nil {
			t.Fatal(err)
		}
		if err := n.AddOutput("cam", shown("second", second)); !errors.Is(err, node.ErrConfig) {
			t.Errorf("another of the same name: %v", err)
		}
		if err := n.AddOutput("other", shown("second", second)); !errors.Is(err, node.ErrUnknownStream) {
			t.Errorf("at a stream that is not there: %v", err)
		}
		<-time.After(3 * time.Second)
		if played, missed := second.run(t, "the second"); played < 30 || missed > 0 || second.begins != 1 || second.played[0]%20 != 0 {
			t.Errorf("the second played %d groups and missed %d after %d begins, the first of them %d", played, missed, second.begins, second.played[0])
		}
		for range 2 { // the second time it has ended already
			if err := n.RemoveOutput("cam", "second"); err != nil {
				t.Error(err)
			}
		}
		before, _ := second.run(t, "the second")
		<-time.After(2 * time.Second)
		if after, _ := second.run(t, "the second"); after != before {
			t.Errorf("it has ended, and played %d groups more", after-before)
		}
		if played, missed := first.run(t, "the first"); played < 120 || missed > 0 {
			t.Errorf("the first played %d groups and missed %d", played, missed)
		}
	})
}

func TestASourceHasOutputsOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepublishing(t)
		own := &screen{}
		if err := r.source.AddOutput("cam", shown("own", own)); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Second)
		played, missed := own.run(t, "the source's own")
		if played < 15 || missed > 0 || own.begins != 1 {
			t.Errorf("it played %d groups and missed %d after %d begins", played, missed, own.begins)
		}
		if err := r.source.Republish("cam", r.config(camera{bytes: 1000})); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Second)
		own.mu.Lock()
		defer own.mu.Unlock()
		if own.begins != 2 || len(own.played) < played+30 {
			t.Errorf("with another ingest it had %d begins and %d groups", own.begins, len(own.played))
		}
		if last := own.played[len(own.played)-1]; own.last.Epoch != r.epochs || own.last.Group != last {
			t.Errorf("its last group was number %d of epoch %d, want %d of %d", own.last.Group, own.last.Epoch, last, r.epochs)
		}
	})
}
