//go:build unix

package main_test

import (
	"context"
	"crypto/ed25519"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/quic"
)

// TestPeerThatSendsGarbageInsideItsLinksIsBannedAndOthersPlayOn joins a real swarm as a peer whose identity is in order,
// and whose frames are not. The seed is printed.
func TestPeerThatSendsGarbageInsideItsLinksIsBannedAndOthersPlayOn(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	s := startSource(t, loopback(t, media.APIURL()))
	viewers := audience(t, s.live(t, "cam1"), 3)
	live := happened[event.StreamAvailable](s.history)[0]
	before := make(map[*viewer]uint64)
	var nodes []*node.Node
	for _, v := range viewers {
		stats, _ := v.stats()
		before[v] = stats.Groups.Missed
		nodes = append(nodes, v.Node())
	}
	everybody := append([]*node.Node{s.Node()}, nodes...)

	for name, c := range map[string]struct {
		at   []*node.Node
		send func(x *intruder, to transport.LinkID)
	}{
		"random control frames":    {everybody, (*intruder).randomControl},
		"truncated control frames": {everybody, (*intruder).truncatedControl},
		"a hello after a hello":    {everybody, (*intruder).hello},
		"forged descriptors":       {everybody, (*intruder).forgedDescriptor},
		"random chunk frames":      {everybody, (*intruder).randomChunks},
		"forged chunks":            {nodes, (*intruder).forgedChunks}, // a source takes no chunk at all
	} {
		t.Run(name, func(t *testing.T) {
			x := intrude(t, live, &garbage{t, rand.New(rand.NewPCG(seed, 2))})
			for _, n := range c.at {
				link := x.enter(t, n)
				eventually(t, 5*time.Second, "the intruder is dropped", func() bool {
					for range 10 { // a few malformed frames are forgiven
						c.send(x, link)
					}
					return x.isDown(link)
				})
				x.isRefused(t, n)
			}
		})
	}
	play(t, viewers, 20)
	for _, v := range viewers {
		if stats, _ := v.stats(); stats.Groups.Missed > before[v] {
			t.Errorf("a viewer missed %d groups meanwhile", stats.Groups.Missed-before[v])
		}
	}
}

// intruder is a peer that speaks QUIC as it should, and nothing above it.
type intruder struct {
	*garbage
	key       ed25519.PrivateKey
	transport *quic.Transport
	live      event.StreamAvailable

	mu    sync.Mutex
	dials []transport.LinkID // how each has ended: 0 for failed
	down  map[transport.LinkID]bool
	heard map[transport.LinkID]int // control frames that came
}

func intrude(t *testing.T, live event.StreamAvailable, g *garbage) *intruder {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	x := &intruder{garbage: g, key: key, live: live, down: make(map[transport.LinkID]bool), heard: make(map[transport.LinkID]int)}
	if x.transport, err = quic.New(transport.Config{Identity: key, Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	bound := make(chan struct{})
	keep(t, func(ctx context.Context) {
		if err := x.transport.Run(ctx, entrance{x, bound}); err != nil {
			t.Errorf("the intruder's transport: %v", err)
		}
	})
	<-bound
	return x
}

// dial opens a link; 0 when it is not let in.
func (x *intruder) dial(t *testing.T, n *node.Node) transport.LinkID {
	t.Helper()
	x.mu.Lock()
	before := len(x.dials)
	x.mu.Unlock()
	if err := x.transport.Dial(n.Self(), n.Addresses()); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the intruder's dial has an end", func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		return len(x.dials) > before
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.dials[before]
}

// enter becomes a neighbour.
func (x *intruder) enter(t *testing.T, n *node.Node) transport.LinkID {
	t.Helper()
	link := x.dial(t, n)
	x.hello(link)
	eventually(t, 5*time.Second, "the intruder is answered", func() bool { return x.answers(link) > 0 })
	return link
}

// isRefused checks that nobody speaks to the intruder any more.
func (x *intruder) isRefused(t *testing.T, n *node.Node) {
	t.Helper()
	link := x.dial(t, n)
	if link == 0 {
		return
	}
	x.hello(link)
	eventually(t, 5*time.Second, "the intruder is refused", func() bool { return x.isDown(link) })
	if heard := x.answers(link); heard > 0 {
		t.Errorf("the intruder was answered with %d control frames", heard)
	}
}

func (x *intruder) isDown(link transport.LinkID) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.down[link]
}

func (x *intruder) answers(link transport.LinkID) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.heard[link]
}

// stream is the intruder's number for the stream.
const stream = 1

// control sends a frame as nodes do when it is not compressed: behind a zero.
func (x *intruder) control(to transport.LinkID, frame []byte) {
	_ = x.transport.SendControl(to, append([]byte{0}, frame...)) // an error means that the link is gone
}

func (x *intruder) hello(to transport.LinkID) {
	x.control(to, swarm.Append(nil, stream, &swarm.Hello{
		Version: swarm.Version, Stream: x.live.Stream, Role: swarm.Viewer, Epoch: x.live.Epoch, MaxLinks: 32,
	}))
}

// randomControl sends one message of a known type, but for hello and bye, and one of a type that nobody knows, which is to
// be passed over.
func (x *intruder) randomControl(to transport.LinkID) {
	known := byte(swarm.TypeStatus) + byte(x.r.IntN(int(swarm.TypeDescriptor-swarm.TypeStatus)+1))
	unknown := byte(swarm.TypeBye) + 1 + byte(x.r.IntN(200))
	x.control(to, append([]byte{stream, known}, x.bytes(x.r.IntN(3000))...))
	x.control(to, append([]byte{stream, unknown}, x.bytes(x.r.IntN(8000))...))
}

func (x *intruder) truncatedControl(to transport.LinkID) {
	whole := swarm.Append(nil, stream, &swarm.Pong{Sent: x.r.Uint64(), Received: x.r.Int64(), Replied: x.r.Int64(), Error: 1})
	x.control(to, whole[:2+x.r.IntN(len(whole)-3)])
}

// forgedDescriptor is signed, but by another than the publisher.
func (x *intruder) forgedDescriptor(to transport.LinkID) {
	signed, err := chunk.Sign(&chunk.Descriptor{
		Name: "cam1", Publisher: x.key.Public().(ed25519.PublicKey), Epoch: x.live.Epoch + 1, Substreams: 16, ChunkSize: 900,
		Authentication: "merkle", GroupSpan: 50 * time.Millisecond, Tracks: x.live.Tracks, Init: x.bytes(100),
	}, x.key)
	if err != nil {
		x.t.Fatal(err)
	}
	x.control(to, swarm.Append(nil, stream, &swarm.DescriptorMessage{Signed: signed}))
}

func (x *intruder) chunk(to transport.LinkID, frame []byte) {
	x.transport.SendChunks([]transport.Frame{{Data: frame, To: []transport.LinkID{to}, Expires: time.Now().Add(time.Second)}})
}

func (x *intruder) randomChunks(to transport.LinkID) {
	x.chunk(to, append([]byte{stream, byte(swarm.TypeChunk)}, x.bytes(x.r.IntN(1000))...))
}

// forgedChunks look like the stream's, but for the signature.
func (x *intruder) forgedChunks(to transport.LinkID) {
	c := chunk.Chunk{
		Header: chunk.GroupHeader{
			Epoch: x.live.Epoch, Group: 1 << 20, First: 1 << 24, Data: 1, Size: 500, Span: 50 * time.Millisecond, Born: time.Now().UnixMicro(),
		},
		Payload: x.bytes(500), Proof: x.bytes(ed25519.SignatureSize),
	}
	x.chunk(to, swarm.AppendChunk(nil, stream, &c, c.Proof))
}

// entrance is the sink of an intruder.
type entrance struct {
	x     *intruder
	bound chan struct{}
}

func (e entrance) Listening([]swarm.Address) { close(e.bound) }

func (e entrance) Received(frames []transport.Received) {
	e.x.mu.Lock()
	defer e.x.mu.Unlock()
	for _, f := range frames {
		if f.Channel == transport.Control {
			e.x.heard[f.Link]++
		}
	}
}

func (e entrance) Event(what transport.Event) {
	e.x.mu.Lock()
	defer e.x.mu.Unlock()
	switch what := what.(type) {
	case transport.Up:
		e.x.dials = append(e.x.dials, what.Link)
	case transport.DialFailed:
		e.x.dials = append(e.x.dials, 0)
	case transport.Down:
		e.x.down[what.Link] = true
	}
}
