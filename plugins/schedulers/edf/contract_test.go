package edf_test

import (
	"testing"

	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/plugins/schedulers/edf"
)

func TestContract(t *testing.T) {
	schedulertest.Suite(t, edf.New)
}
