package clubs_test

import (
	"testing"

	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/plugins/schedulers/clubs"
)

func TestContract(t *testing.T) {
	schedulertest.Suite(t, clubs.New)
}
