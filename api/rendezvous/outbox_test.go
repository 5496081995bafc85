package rendezvous

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestOutboxKeepsTheNewestAndItsBounds(t *testing.T) {
	var o outbox
	o.put(frame{"challenge", []byte("c")})
	o.put(frame{"descriptor", []byte("1")})
	for i := range 200 {
		o.put(frame{"signal", fmt.Appendf(nil, "%d", i)})
		o.put(frame{"punch", fmt.Appendf(nil, "%d", i)})
		o.put(frame{"suspect", fmt.Appendf(nil, "%d", i)})
		o.put(frame{"descriptor", fmt.Appendf(nil, "%d", i)})
	}
	o.put(frame{"error", []byte("e")})
	counts := map[string]int{}
	last := map[string]string{}
	var order []string
	for {
		f, ok := o.take()
		if !ok {
			break
		}
		counts[f.kind]++
		last[f.kind] = string(f.data)
		order = append(order, f.kind)
	}
	want := map[string]int{"challenge": 1, "descriptor": 1, "signal": maxSignals, "punch": maxPunches, "suspect": maxWords, "error": 1}
	for kind, n := range want {
		if counts[kind] != n {
			t.Errorf("%d of %s wait, want %d", counts[kind], kind, n)
		}
	}
	if last["signal"] != "199" || last["punch"] != "199" || last["suspect"] != "199" || last["descriptor"] != "199" {
		t.Errorf("the newest are %v", last)
	}
	if order[0] != "challenge" || order[1] != "descriptor" || order[len(order)-1] != "error" {
		t.Errorf("the order is %v", order)
	}
	if o.dropped != 200-maxSignals+200-maxPunches+200-maxWords {
		t.Errorf("%d are counted as dropped", o.dropped)
	}
}

func TestOutboxNeverHoldsMoreThanItsBytes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 3))
	var o outbox
	for range 5000 {
		o.put(frame{"signal", make([]byte, random.IntN(2*MaxSignal))})
		if random.IntN(5) == 0 {
			o.take()
		}
		size := 0
		for _, f := range o.queue {
			size += len(f.data)
		}
		if size > maxSignalBytes || len(o.queue) > maxSignals {
			t.Fatalf("%d bytes in %d signals wait", size, len(o.queue))
		}
	}
}
