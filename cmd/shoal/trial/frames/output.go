package frames

import (
	"context"
	"sync"
	"time"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/node"
)

// Output records what a node plays out: everything that it hands over when it is due, decodable at the moment or not.
type Output struct {
	book

	zeroMu sync.Mutex
	epoch  uint32 // that zero is of
	zero   int64  // media time 0 by the source's wall clock, as the first group of the epoch had it; nanoseconds since 1970
}

// NewOutput records the last keep of a stream.
func NewOutput(keep time.Duration) *Output { return &Output{book: newBook(keep)} }

// Tap is the output of a node that o records. The node may start it again; it must be at one node only.
func (o *Output) Tap(name string) node.Output {
	return node.Output{Name: name, Start: func(context.Context) (egress.Egress, error) { return o.Egress(), nil }}
}

// Egress is one that o records. One at a time may run.
func (o *Output) Egress() egress.Egress { return &tap{Output: o} }

// tap is one life of the egress.
type tap struct {
	*Output
	number     uint32           // of the epoch
	unpackager *cmaf.Unpackager // nil while there is no epoch that can be used
	tracks     []tapped         // by their index in the epoch
	samples    []cmaf.Sample    // used again each time
}

// tapped is a track of the epoch.
type tapped struct {
	page    *page
	essence *essence
}

// Pacing implements egress.Egress.
func (t *tap) Pacing() egress.Pacing { return egress.AtPlayout }

// Run implements egress.Egress.
func (t *tap) Run(ctx context.Context, feed <-chan egress.Item, ready func([]string)) error {
	ready(nil)
	egress.Each(ctx, feed, func(item egress.Item) {
		switch item := item.(type) {
		case egress.Begin:
			t.begin(item.Descriptor)
		case egress.Media:
			t.media(&item.Group, time.Now())
		case egress.Gap: // what is missing shows in the comparison
		}
	})
	return nil
}

func (t *tap) begin(d *chunk.Descriptor) {
	t.number, t.unpackager, t.tracks = d.Epoch, nil, nil
	init, err := cmaf.ParseInit(d.Init)
	if err != nil {
		t.spoil(1)
		return
	}
	t.unpackager = cmaf.NewUnpackager(init)
	count := make(map[chunk.Kind]int)
	for i := range init.Tracks {
		k := &init.Tracks[i]
		t.tracks = append(t.tracks, tapped{page: t.page(k.Kind, count[k.Kind]), essence: newEssence(k.Params)})
		count[k.Kind]++
	}
}

func (t *tap) media(g *chunk.Group, now time.Time) {
	if t.unpackager == nil {
		return
	}
	zero := t.zeroOf(g)
	samples, err := t.unpackager.Parse(t.samples[:0], g.Payload)
	if err != nil {
		t.spoil(1)
		return
	}
	t.samples = samples
	for i := range samples {
		s := &samples[i]
		units, err := t.unpackager.Units(s)
		if err != nil {
			t.spoil(1)
			continue
		}
		k := &t.tracks[s.Track]
		size, hash, ok := k.essence.frame(units)
		if !ok {
			t.spoil(1)
			continue
		}
		at := zero + int64(t.unpackager.PTS(s))
		t.write(k.page, Frame{Epoch: t.number, Size: size, Hash: hash, Time: at, At: now.UnixNano()})
	}
}

// zeroOf is the zero of the epoch of g, which stays as its first group here had it.
func (t *tap) zeroOf(g *chunk.Group) int64 {
	t.zeroMu.Lock()
	defer t.zeroMu.Unlock()
	if t.epoch != t.number {
		t.epoch, t.zero = t.number, g.Born*int64(time.Microsecond)-int64(g.Time+g.Span)
	}
	return t.zero
}
