package latest_test

import (
	"testing"

	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/plugins/schedulers/latest"
)

func TestContract(t *testing.T) {
	schedulertest.Suite(t, latest.New)
}
