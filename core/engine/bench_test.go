package engine_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// trusting is an authentication that finds everything authentic, as a simulator's would.
type trusting struct{}

func (trusting) Name() string                                       { return "merkle" }
func (trusting) Verifier(*chunk.Descriptor) (chunk.Verifier, error) { return trusting{}, nil }
func (trusting) Verify(*chunk.Chunk) (chunk.Verdict, time.Duration) { return chunk.Authentic, 0 }
func (trusting) Trim(c *chunk.Chunk, _ chunk.Knowledge) []byte      { return c.Proof }
func (trusting) Rebuild(c *chunk.Chunk) []byte                      { return c.Proof }

// BenchmarkStepChunk is what a viewer spends on one chunk that it receives, verifies, stores, and pushes to three
// neighbours; Ready included.
func BenchmarkStepChunk(b *testing.B) {
	for name, auth := range map[string][]chunk.Authentication{
		"null":   {trusting{}},
		"merkle": sign.Catalogue(),
	} {
		b.Run(name, func(b *testing.B) { benchmarkStepChunk(b, auth) })
	}
}

func benchmarkStepChunk(b *testing.B, auth []chunk.Authentication) {
	w := newWorld(b, 1)
	w.desc.Substreams = 16
	e, err := engine.New(engine.Config{
		Role: swarm.Viewer, Stream: w.desc.StreamID(), Index: 1, Budget: endless{}, Authentications: auth,
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := e.Describe(0, w.signed()); err != nil {
		b.Fatal(err)
	}
	for i := range 5 {
		id := swarm.LinkID(i + 1)
		p := engine.Peer{Link: id, Dialed: scheduler.Here, MaxFrame: 1200}
		p.Peer[0] = byte(i + 1)
		e.PeerUp(0, p)
		hello := swarm.Append(nil, 1, &swarm.Hello{Version: swarm.Version, Stream: w.desc.StreamID(), Role: swarm.Viewer, Epoch: 1})
		e.Control(0, id, hello[1:])
	}
	r := e.Ready(0)
	var orders []scheduler.Action
	for k := range 16 {
		orders = append(orders, scheduler.Push{Substream: k, To: []scheduler.Target{
			{Link: 2, Class: scheduler.ClassInterior}, {Link: 3, Class: scheduler.ClassInterior}, {Link: 4, Class: scheduler.ClassLeaf},
		}}, scheduler.Subscribe{Link: 1, Substreams: 1 << k, Mode: swarm.Eager})
	}
	e.Answer(0, scheduler.Answer{Revision: r.Batch.Revision, Actions: orders})

	author := w.author()
	payload := make([]byte, 31_250) // 2.5 Mb/s
	var frames [][]byte
	group, next := 0, uint64(0)
	now := time.Duration(0)
	for b.Loop() {
		if len(frames) == 0 {
			b.StopTimer()
			g := chunk.Group{Payload: payload}
			g.Time, g.Span, g.RandomAccess = time.Duration(group)*100*ms, 100*ms, group%10 == 0
			chunks, err := author.Seal(nil, &g, next)
			if err != nil {
				b.Fatal(err)
			}
			for i := range chunks {
				frames = append(frames, swarm.AppendChunk(nil, 1, &chunks[i], chunks[i].Proof)[1:])
			}
			next += uint64(len(chunks))
			group++
			for id := range swarm.LinkID(5) { // a sign of life
				e.Control(now, id+1, swarm.Append(nil, 1, &swarm.Status{Playing: 1})[1:])
			}
			b.StartTimer()
		}
		now += 100 * ms / 35
		e.Chunk(now, 1, frames[0])
		frames = frames[1:]
		r := e.Ready(now)
		if r.Batch != nil {
			e.Answer(now, scheduler.Answer{Revision: r.Batch.Revision})
		}
	}
	s := e.Stats(now)
	if s.Chunks.Useful == 0 || s.Sent.Chunks != 3*s.Chunks.Useful {
		b.Fatalf("%+v %+v", s.Chunks, s.Sent)
	}
}
