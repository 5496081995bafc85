package bridge

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// Ingest makes an ingest in the process. Errors: what the factory answered, ErrNotOffered, ErrProtocol, ErrPluginDied.
func (r *Remote) Ingest(ctx context.Context, name string, cfg ingest.Config) (ingest.Ingest, error) {
	s, err := r.open(ctx, opening{
		call: func(ctx context.Context) (grpc.ClientStream, error) {
			return pb.NewIngestServiceClient(r.Conn).Read(ctx, callOptions()...)
		},
		request: func(dc *pb.DataChannel) proto.Message {
			return &pb.ReadRequest{Request: &pb.ReadRequest_Open{Open: &pb.OpenIngest{
				Name: toValid(name), Source: toValid(cfg.Source), Span: int64(cfg.Span), Params: paramsOf(cfg.Params), DataChannel: dc,
			}}}
		},
		opened: ingestOpened,
	})
	if err != nil {
		return nil, err
	}
	return &ingestClient{session: s, out: pipe.NewOutbox(s.conn, pipe.PostLimit, nil)}, nil
}

func ingestOpened(first []byte) (bool, *pb.Failure, error) {
	m, err := decode(first, &pb.ReadResponse{})
	if err != nil {
		return false, nil, err
	}
	switch m := m.GetResponse().(type) {
	case *pb.ReadResponse_Opened:
		return m.Opened.GetDataChannel(), nil, nil
	case *pb.ReadResponse_Ended:
		return false, orFailure(m.Ended.GetFailure()), nil
	}
	return false, nil, fmt.Errorf("%w: neither opened nor ended", errWire)
}

// ingestClient is the host's end of one ingest.
type ingestClient struct {
	session *session
	out     *pipe.Outbox
	sink    ingest.Sink
	tracks  bool  // Tracks has come
	refused error // what the sink answered when it had enough
	stop    context.CancelFunc

	mu     sync.Mutex
	delays []time.Duration // that the plugin has measured and nobody has taken: the newest maxDelays
}

// Run hands over what the plugin reads until ctx ends, the implementation's Run does, or the process dies.
func (c *ingestClient) Run(ctx context.Context, sink ingest.Sink) error {
	c.sink = sink
	ctx, c.stop = context.WithCancel(ctx)
	defer c.stop()
	if err := c.out.Post(encode(&pb.ReadRequest{Request: &pb.ReadRequest_Start{Start: &pb.Start{}}})); err != nil {
		return err
	}
	err := c.session.run(ctx, course{
		out:    c.out,
		stop:   &pb.ReadRequest{Request: &pb.ReadRequest_Stop{Stop: &pb.Stop{}}},
		handle: c.handle,
	})
	if c.refused != nil {
		return c.refused
	}
	return err
}

func (c *ingestClient) handle(batch [][]byte) (*ending, error) {
	for _, msg := range batch {
		if inner, ok := unwrap(msg, fieldGroup); ok {
			g, err := decodeGroup(inner)
			if err != nil || !c.tracks || len(g.Payload) == 0 {
				return nil, fmt.Errorf("%w: a group that is malformed or before its tracks", ErrProtocol)
			}
			if c.refused == nil {
				c.refuse(c.sink.Group(g.Group))
			}
			continue
		}
		m, err := decode(msg, &pb.ReadResponse{})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		switch m := m.GetResponse().(type) {
		case *pb.ReadResponse_Ended:
			return &ending{failure: m.Ended.GetFailure()}, nil
		case *pb.ReadResponse_Tracks:
			media, err := mediaFrom(m.Tracks)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
			}
			c.tracks = true
			if c.refused == nil {
				c.refuse(c.sink.Tracks(media))
			}
		case *pb.ReadResponse_Delays:
			delays, err := delaysFrom(m.Delays)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
			}
			c.keep(delays)
		default:
			return nil, fmt.Errorf("%w: a response that is not known or not due", ErrProtocol)
		}
	}
	return nil, nil
}

func (c *ingestClient) keep(delays []time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delays = append(c.delays, delays...)
	c.delays = c.delays[max(len(c.delays)-maxDelays, 0):]
}

// Measured implements [ingest.Measurer]; of an implementation that does not measure there are no delays.
func (c *ingestClient) Measured() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	delays := c.delays
	c.delays = nil
	return delays
}

// refuse tells the plugin that the sink has had enough, and has it end.
func (c *ingestClient) refuse(err error) {
	if err == nil {
		return
	}
	c.refused = err
	_ = c.out.Post(encode(&pb.ReadRequest{Request: &pb.ReadRequest_Refused{Refused: failureOf(err)}})) // a dead plugin needs no word
	c.stop()
}
