package simulate

import (
	"sync/atomic"
	"testing"
)

func TestEachCallsWithEveryNumberOnceAndReturnsWhenAllHaveEnded(t *testing.T) {
	if each(1) != nil {
		t.Error("one core has nothing to do at once")
	}
	for _, n := range []int{0, 1, 3, 100} {
		calls := make([]atomic.Int32, n)
		each(4)(n, func(i int) { calls[i].Add(1) })
		for i := range calls {
			if c := calls[i].Load(); c != 1 {
				t.Errorf("of %d, %d was called %d times", n, i, c)
			}
		}
	}
}

func TestCallsAreMadeAtOnce(t *testing.T) {
	met := make(chan struct{})
	each(2)(2, func(i int) { // neither ends without the other
		if i == 0 {
			met <- struct{}{}
		} else {
			<-met
		}
	})
}
