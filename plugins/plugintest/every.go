package plugintest

import (
	"testing"

	"github.com/shoal-live/shoal/plugins/bridge"
)

// Every has judge look at a plugin in every way, each in a subtest of its own.
func Every(t *testing.T, plugin bridge.Plugin, judge func(t *testing.T, r *Rig)) {
	t.Helper()
	EveryWay(t, func(t *testing.T, way Way) { judge(t, New(t, way, plugin)) })
}

// EveryWay is Every for a judge who makes rigs itself, as one does who kills some. Under -short, which the race detector is
// run with, it is the data channel alone: the detector sees nothing of another process, and there it sees the plugin and
// all that is on the way.
func EveryWay(t *testing.T, judge func(t *testing.T, way Way)) {
	t.Helper()
	ways := Ways()
	if testing.Short() {
		t.Log("SKIPPED under -short: linked in, gRPC alone, and a process of its own; run the test without it")
		ways = []Way{Data}
	}
	for _, way := range ways {
		t.Run(way.String(), func(t *testing.T) { judge(t, way) })
	}
}
