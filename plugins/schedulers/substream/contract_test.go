package substream_test

import (
	"testing"

	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
)

func TestContract(t *testing.T) {
	schedulertest.Suite(t, substream.New)
}
