package plugincheck

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/host"
)

// stampSize is what a frame holds of ours: when it was sent.
const stampSize = 8

// end is one transport with its sink.
type end struct {
	transport transport.Transport
	id        swarm.PeerID
	addresses []swarm.Address
	stop      context.CancelFunc
	ended     chan error
	listening chan []swarm.Address
	ups       chan transport.LinkID
	failed    chan error
	began     time.Time

	mu     sync.Mutex
	delays []time.Duration
	room   chan struct{} // has room for one: Writable came
	full   int           // frames refused
}

func open(ctx context.Context, h *host.Host, j *Job) (*end, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	listen := j.Listen
	if listen == "" {
		listen = anyPort
	}
	t, err := h.Transport(ctx, j.spec(), transport.Config{Identity: key, Listen: listen, Params: j.Params})
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	e := &end{
		transport: t, stop: stop, ended: make(chan error, 1), listening: make(chan []swarm.Address, 1),
		ups: make(chan transport.LinkID, 8), failed: make(chan error, 8), room: make(chan struct{}, 1), began: time.Now(),
	}
	copy(e.id[:], key.Public().(ed25519.PublicKey))
	go func() { e.ended <- t.Run(running, e) }()
	select {
	case e.addresses = <-e.listening:
		return e, nil
	case err := <-e.ended:
		stop()
		return nil, fmt.Errorf("it ended before it listened: %w", err)
	case <-time.After(linkTime):
		stop()
		<-e.ended
		return nil, fmt.Errorf("it did not listen within %v", linkTime)
	}
}

func (e *end) close() error {
	e.stop()
	return <-e.ended
}

// up waits for a link.
func (e *end) up(ctx context.Context) (transport.LinkID, error) {
	select {
	case link := <-e.ups:
		return link, nil
	case err := <-e.failed:
		return 0, err
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(linkTime):
		return 0, fmt.Errorf("no link within %v", linkTime)
	}
}

// Listening implements transport.Sink.
func (e *end) Listening(list []swarm.Address) {
	select {
	case e.listening <- append([]swarm.Address(nil), list...):
	default: // once more: the suite minds
	}
}

// Received notes how long each frame took.
func (e *end) Received(frames []transport.Received) {
	now := time.Since(e.began)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range frames {
		if f.Channel == transport.Chunk && len(f.Data) >= stampSize {
			sent := time.UnixMicro(int64(binary.BigEndian.Uint64(f.Data))).Sub(e.began)
			e.delays = append(e.delays, now-sent)
		}
	}
}

// Event takes the outcome of a dial, and what a full link says.
func (e *end) Event(event transport.Event) {
	switch event := event.(type) {
	case transport.Up:
		select {
		case e.ups <- event.Link:
		default: // more than anybody asked for
		}
	case transport.DialFailed:
		select {
		case e.failed <- event.Cause:
		default: // more than anybody asked for
		}
	case transport.Full:
		e.mu.Lock()
		e.full++
		e.mu.Unlock()
	case transport.Writable:
		select {
		case e.room <- struct{}{}:
		default: // it is known
		}
	}
}

func (e *end) take() []time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.delays
	e.delays = nil
	return all
}

func (e *end) refused() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.full
}

func (e *end) send(link transport.LinkID, size int) {
	data := make([]byte, size)
	binary.BigEndian.PutUint64(data, uint64(time.Now().UnixMicro()))
	e.transport.SendChunks([]transport.Frame{{Data: data, To: []transport.LinkID{link}, Expires: time.Now().Add(time.Second)}})
}
