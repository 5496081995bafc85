package simulate

import (
	"sync"
	"sync/atomic"
)

// each answers what lets a simulation use so many cores; nil for one.
func each(cores int) func(n int, f func(int)) {
	if cores < 2 {
		return nil
	}
	return func(n int, f func(int)) {
		var next atomic.Int64
		work := func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				f(int(i))
			}
		}
		var others sync.WaitGroup
		for range min(cores, n) - 1 {
			others.Go(work)
		}
		work()
		others.Wait()
	}
}
