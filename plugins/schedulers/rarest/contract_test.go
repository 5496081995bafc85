package rarest_test

import (
	"testing"

	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/plugins/schedulers/rarest"
)

func TestContract(t *testing.T) {
	schedulertest.Suite(t, rarest.New)
}
