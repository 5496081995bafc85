package bridge

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

const (
	chunkBacklog   = 512 << 10             // bytes that wait for a plugin before links are full
	controlBacklog = 1 << 20               // bytes of control frames a link that wait for a plugin
	maxLinks       = 1 << 14               // that may be up
	dialPatience   = 50 * time.Millisecond // for the answer to a dial
)

// Transport makes a transport in the process. It is one life: when the process dies, Run ends with ErrPluginDied,
// after Down for every link. Errors: what the factory answered, ErrNotOffered, ErrProtocol, ErrPluginDied.
func (r *Remote) Transport(ctx context.Context, name string, cfg transport.Config) (transport.Transport, error) {
	t := &transportClient{links: map[transport.LinkID]*clientLink{}, dials: newDials(), full: fullQueue{wake: make(chan struct{}, 1)}}
	s, err := r.open(ctx, opening{
		call: func(ctx context.Context) (grpc.ClientStream, error) {
			return pb.NewTransportServiceClient(r.Conn).Carry(ctx, callOptions()...)
		},
		request: func(dc *pb.DataChannel) proto.Message {
			return &pb.CarryRequest{Request: &pb.CarryRequest_Open{Open: &pb.OpenTransport{
				Name: toValid(name), Identity: cfg.Identity, Listen: toValid(cfg.Listen), Params: paramsOf(cfg.Params), DataChannel: dc,
			}}}
		},
		opened: t.opened,
	})
	if err != nil {
		return nil, err
	}
	t.session = s
	t.out = pipe.NewOutbox(s.conn, chunkBacklog, t.roomAgain)
	return t, nil
}

// transportClient is the host's end of one transport.
type transportClient struct {
	session *session
	caps    transport.Capabilities
	out     *pipe.Outbox
	sink    transport.Sink
	full    fullQueue // of this end's queue

	mu    sync.Mutex
	ended bool
	links map[transport.LinkID]*clientLink
	dials dials

	// emit orders what the two goroutines that call the sink say of a link's end.
	emit sync.Mutex

	// frames collects what one read brought.
	frames []transport.Received
}

// clientLink is what this end knows of a link.
type clientLink struct {
	maxChunk int
	waiting  int // bytes of control frames that the plugin has not taken
}

func (t *transportClient) opened(first []byte) (bool, *pb.Failure, error) {
	m, err := decode(first, &pb.CarryResponse{})
	if err != nil {
		return false, nil, err
	}
	switch m := m.GetResponse().(type) {
	case *pb.CarryResponse_Opened:
		t.caps, err = capabilitiesOf(m.Opened)
		return m.Opened.GetDataChannel(), nil, err
	case *pb.CarryResponse_Ended:
		return false, orFailure(m.Ended.GetFailure()), nil
	}
	return false, nil, fmt.Errorf("%w: neither opened nor ended", errWire)
}

// orFailure is f, or a failure when a plugin ends without having begun and says no reason.
func orFailure(f *pb.Failure) *pb.Failure {
	if f == nil {
		return &pb.Failure{Text: "refused without a reason"}
	}
	return f
}

// Capabilities are those that the plugin told.
func (t *transportClient) Capabilities() transport.Capabilities { return t.caps }

// Run carries frames until ctx ends, the implementation's Run does, or the process dies.
func (t *transportClient) Run(ctx context.Context, sink transport.Sink) error {
	t.sink = sink
	over, reported := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(reported)
		t.reportFull(over)
	}()
	err := t.out.Post(encode(&pb.CarryRequest{Request: &pb.CarryRequest_Start{Start: &pb.Start{}}}))
	if err == nil {
		err = t.session.run(ctx, course{
			out:    t.out,
			stop:   &pb.CarryRequest{Request: &pb.CarryRequest_Stop{Stop: &pb.Stop{}}},
			handle: t.handle,
		})
		if err == nil && ctx.Err() == nil { // nobody has asked it to: a process that panics says so on its way
			err = t.session.remote.broken(errEnded)
		}
	}
	close(over)
	<-reported
	t.finish(err)
	return err
}

// finish ends the links and dials that are left.
func (t *transportClient) finish(err error) {
	cause := err
	if cause == nil {
		cause = transport.ErrClosed
	}
	t.mu.Lock()
	t.ended = true
	up := slices.Sorted(maps.Keys(t.links))
	left := t.dials.close()
	t.mu.Unlock()
	for _, peer := range left {
		t.sink.Event(transport.DialFailed{Peer: peer, Cause: cause})
	}
	for _, id := range up {
		t.down(id, cause)
	}
}

// down reports the end of a link, after which nothing more is said of it.
func (t *transportClient) down(id transport.LinkID, cause error) {
	t.emit.Lock()
	defer t.emit.Unlock()
	t.mu.Lock()
	delete(t.links, id)
	t.mu.Unlock()
	t.sink.Event(transport.Down{Link: id, Cause: cause})
}
