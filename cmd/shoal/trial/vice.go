package trial

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/quic/impair"
)

// badTransport is one whose network can become worse while it runs.
type badTransport interface {
	transport.Transport
	// Impair changes how bad the network is.
	Impair(cfg impair.Config) error
	// Cut lets nothing leave any more.
	Cut()
}

var errNotHere = errors.New("its transport is in a process of its own, which cannot be reached")

// carrier stands between a viewer's node and its transport: what is wrong with the viewer is wrong here.
type carrier struct {
	vice atomic.Uint32

	mu    sync.Mutex
	under transport.Transport // the present life
	begun chan struct{}       // closed when the first begins; nil where nobody waits for it
}

// life takes a new life of the transport.
func (c *carrier) life(t transport.Transport) transport.Transport {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.under == nil && c.begun != nil {
		close(c.begun)
	}
	c.under = t
	return &carried{Transport: t, by: c}
}

// bad is the present life.
func (c *carrier) bad() (badTransport, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.under.(badTransport)
	if !ok {
		return nil, errNotHere
	}
	return b, nil
}

// cut ends the viewer for all others, without a word.
func (c *carrier) cut() error {
	b, err := c.bad()
	if err != nil {
		return err
	}
	b.Cut()
	return nil
}

// impair changes the network.
func (c *carrier) impair(cfg impair.Config) error {
	b, err := c.bad()
	if err != nil {
		return err
	}
	return b.Impair(cfg)
}

// carried is one life of a transport.
type carried struct {
	transport.Transport
	by *carrier
}

// SendChunks implements transport.Transport, as well as the viewer's vice lets it.
func (c *carried) SendChunks(frames []transport.Frame) {
	switch sim.Vice(c.by.vice.Load()) {
	case sim.RidesFree:
		return
	case sim.Poisons:
		forged := make([]transport.Frame, len(frames))
		for i, f := range frames {
			f.Data = forge(f.Data)
			forged[i] = f
		}
		frames = forged
	case sim.Honest:
	}
	c.Transport.SendChunks(frames)
}

// forge is a chunk frame with another payload. The frame stays as it is: other links may carry it too.
func forge(frame []byte) []byte {
	forged := bytes.Clone(frame)
	var f swarm.ChunkFrame
	_, rest, err := swarm.SplitIndex(forged)
	if err == nil {
		err = swarm.ParseChunk(rest, &f)
	}
	if err == nil && len(f.Chunk.Payload) > 0 {
		f.Chunk.Payload[0] ^= 0xff
	}
	return forged
}
