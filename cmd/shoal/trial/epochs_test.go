package trial

import (
	"context"
	"testing"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
)

func TestTheFirstGroupOfEachEpochThatCanBeDecodedIsKept(t *testing.T) {
	e := new(epochs)
	out, err := e.tap().Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	feed := make(chan egress.Item, 8)
	group := func(epoch uint32, born int64, access bool) {
		feed <- egress.Media{Group: chunk.Group{GroupHeader: chunk.GroupHeader{Epoch: epoch, Born: born, RandomAccess: access}}}
	}
	feed <- egress.Begin{}
	group(1, 10, true)
	group(1, 20, true)
	group(3, 30, false)
	feed <- egress.Gap{}
	group(3, 40, true)
	close(feed)
	if err := out.Run(context.Background(), feed, func([]string) {}); err != nil {
		t.Fatal(err)
	}
	got := e.played()
	if len(got) != 2 || got[0].Epoch != 1 || got[0].Born != 10 || got[1].Epoch != 3 || got[1].Born != 40 || got[1].At < got[0].At || got[0].At == 0 {
		t.Errorf("played %+v, want that born at 10 of epoch 1, and that born at 40 of epoch 3", got)
	}
}

func TestTheFirstEpochAndTheNewestAreKept(t *testing.T) {
	e := new(epochs)
	for i := range uint32(3 * mostEpochs) {
		e.add(Played{Epoch: i + 1})
	}
	got := e.played()
	if len(got) != mostEpochs || got[0].Epoch != 1 || got[mostEpochs-1].Epoch != 3*mostEpochs {
		t.Errorf("%d are kept, from %+v to %+v", len(got), got[0], got[len(got)-1])
	}
}
