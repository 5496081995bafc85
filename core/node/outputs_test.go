package node_test

import (
	"context"
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
