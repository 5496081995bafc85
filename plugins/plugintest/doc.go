// Package plugintest puts an implementation behind every boundary that a plugin can be behind, so that one contract suite
// judges them all with the same cases:
//
//	func TestMain(m *testing.M) { plugintest.Main(m, os.Args, sdk.Policy("mine", mine.New)) }
//
//	func TestContract(t *testing.T) {
//		plugintest.Every(t, sdk.Policy("mine", mine.New), func(t *testing.T, r *plugintest.Rig) { schedulertest.Suite(t, r.Policy) })
//	}
//
// The ways are: linked in; over gRPC within the process; over the data channel within the process; and as a process
// of its own, which is the test binary run once more, started and watched by the real host.
package plugintest
