package mpegts_test

import (
	"errors"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

func TestEveryCodecComesThroughAsItWentIn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"clock", "h264-opus", "h265-aac", "h264-bframes-aac", "h264-big-keys-aac"} {
		t.Run(name, func(t *testing.T) {
			epochs, _, err := read(t, record(t, name, 6*time.Second, &mpegtstest.Broadcast{}), nil)
			if !errors.Is(err, ingest.ErrSource) {
				t.Errorf("Read returned %v", err)
			}
			if len(epochs) != 1 {
				t.Fatalf("%d epochs", len(epochs))
			}
			epochs[0].Same(t, name)
		})
	}
}
