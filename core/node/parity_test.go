package node_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/codecs/fec"
	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/transports/memory"
)

// coded is an author that makes parity where a stream has some.
func coded(d *chunk.Descriptor, key ed25519.PrivateKey) (chunk.Author, error) {
	return sign.NewParityAuthor(d, key, fec.New().Parity)
}

func TestViewersRestoreWhatIsLostFromParity(t *testing.T) {
	for _, tt := range []struct {
		name     string
		parity   int
		restorer func() chunk.Restorer
		restored bool
	}{
		{"parity and a restorer", 20, func() chunk.Restorer { return fec.New() }, true},
		{"parity only", 20, nil, false},
		{"a restorer only", 0, func() chunk.Restorer { return fec.New() }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Loss: 0.05, Seed: 1})
				b.parity, b.restorer = tt.parity, tt.restorer
				b.publish(0, camera{bytes: 6250})
				<-time.After(time.Second)
				viewer, s := b.view(substreamInline)
				<-time.After(5 * time.Second)
				if played, _ := s.run(t, "the viewer"); played < 70 {
					t.Errorf("%d groups were played", played)
				}
				stats, err := viewer.Stats()
				if err != nil || len(stats.Streams) != 1 {
					t.Fatal(stats, err)
				}
				c := stats.Streams[0].Engine.Chunks
				t.Logf("%d useful, of which %d were restored and %d asked for; %d parity", c.Useful, c.Restored, c.Repair, c.Parity)
				if (c.Parity > 0) != (tt.parity > 0) || (c.Restored > 0) != tt.restored {
					t.Errorf("%d parity chunks came, %d chunks were restored", c.Parity, c.Restored)
				}
			})
		})
	}
}

func TestParityIsAtMostAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Seed: 1})
		n := b.node(0)
		for _, parity := range []int{-1, 101} {
			r := republishing{bench: b}
			cfg := r.config(camera{bytes: 10})
			cfg.Parity = parity
			ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
			err := n.Publish(ctx, node.StreamConfig{Name: "cam", Policy: substreamInline, Fallback: inline}, cfg)
			cancel()
			if !errors.Is(err, node.ErrConfig) || !strings.Contains(err.Error(), "Parity") {
				t.Errorf("%d %%: %v", parity, err)
			}
		}
	})
}
