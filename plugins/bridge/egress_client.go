package bridge

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// itemBacklog is the number of bytes that wait for an egress before its feed does.
const itemBacklog = 8 << 20

// Egress makes an egress in the process. Errors: what the factory answered, ErrNotOffered, ErrProtocol, ErrPluginDied.
func (r *Remote) Egress(ctx context.Context, name string, cfg egress.Config) (egress.Egress, error) {
	c := &egressClient{}
	s, err := r.open(ctx, opening{
		call: func(ctx context.Context) (grpc.ClientStream, error) {
			return pb.NewEgressServiceClient(r.Conn).Play(ctx, callOptions()...)
		},
		request: func(dc *pb.DataChannel) proto.Message {
			return &pb.PlayRequest{Request: &pb.PlayRequest_Open{Open: &pb.OpenEgress{
				Name: toValid(name), Stream: toValid(cfg.Stream), Listen: toValid(cfg.Listen), Params: paramsOf(cfg.Params), DataChannel: dc,
			}}}
		},
		opened: c.opened,
	})
	if err != nil {
		return nil, err
	}
	c.session, c.out = s, pipe.NewOutbox(s.conn, itemBacklog, nil)
	return c, nil
}

// egressClient is the host's end of one egress.
type egressClient struct {
	session *session
	out     *pipe.Outbox
	pacing  egress.Pacing
	ready   func(urls []string)
	told    bool // ready was called
}

func (c *egressClient) opened(first []byte) (bool, *pb.Failure, error) {
	m, err := decode(first, &pb.PlayResponse{})
	if err != nil {
		return false, nil, err
	}
	switch m := m.GetResponse().(type) {
	case *pb.PlayResponse_Opened:
		c.pacing = egress.Pacing(m.Opened.GetPacing())
		if c.pacing != egress.AsComplete && c.pacing != egress.AtPlayout {
			return false, nil, fmt.Errorf("%w: pacing %d", errWire, m.Opened.GetPacing())
		}
		return m.Opened.GetDataChannel(), nil, nil
	case *pb.PlayResponse_Ended:
		return false, orFailure(m.Ended.GetFailure()), nil
	}
	return false, nil, fmt.Errorf("%w: neither opened nor ended", errWire)
}

// Pacing is what the plugin told.
func (c *egressClient) Pacing() egress.Pacing { return c.pacing }

// Run gives items to the plugin until ctx ends, feed is closed, the implementation's Run ends, or the process dies.
func (c *egressClient) Run(ctx context.Context, feed <-chan egress.Item, ready func(urls []string)) error {
	c.ready = ready
	if err := c.out.Post(encode(&pb.PlayRequest{Request: &pb.PlayRequest_Start{Start: &pb.Start{}}})); err != nil {
		return err
	}
	over := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { c.pump(feed, over) })
	defer wg.Wait()
	defer close(over)
	return c.session.run(ctx, course{
		out:    c.out,
		stop:   &pb.PlayRequest{Request: &pb.PlayRequest_Stop{Stop: &pb.Stop{}}},
		handle: c.handle,
	})
}

// pump queues the items of feed. While the plugin does not read and the queue is full, feed waits, which drops by itself.
func (c *egressClient) pump(feed <-chan egress.Item, over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		case item, ok := <-feed:
			if !ok {
				_ = c.out.Put(encode(&pb.PlayRequest{Request: &pb.PlayRequest_FeedClosed{FeedClosed: &pb.FeedClosed{}}})) // else it is over
				return
			}
			if c.out.Put(itemOf(item)) != nil {
				return // it is over
			}
		}
	}
}

// itemOf is an item as it travels.
func itemOf(item egress.Item) pipe.Message {
	switch item := item.(type) {
	case egress.Begin:
		return encode(&pb.PlayRequest{Request: &pb.PlayRequest_Begin{Begin: &pb.BeginItem{Descriptor_: descriptorOf(item.Descriptor)}}})
	case egress.Media:
		return encodeGroup(fieldMedia, &timedGroup{Group: item.Group, due: item.Due})
	case egress.Gap:
		return encode(&pb.PlayRequest{Request: &pb.PlayRequest_Gap{Gap: &pb.GapItem{From: int64(item.From), Resume: int64(item.Resume)}}})
	}
	panic(fmt.Sprintf("bridge: egress item %T", item)) // the set is closed
}

func (c *egressClient) handle(batch [][]byte) (*ending, error) {
	for _, msg := range batch {
		m, err := decode(msg, &pb.PlayResponse{})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		switch m := m.GetResponse().(type) {
		case *pb.PlayResponse_Ended:
			return &ending{failure: m.Ended.GetFailure()}, nil
		case *pb.PlayResponse_Ready:
			if c.told {
				return nil, fmt.Errorf("%w: ready for the second time", ErrProtocol)
			}
			c.told = true
			c.ready(m.Ready.GetUrls())
		default:
			return nil, fmt.Errorf("%w: a response that is not known or not due", ErrProtocol)
		}
	}
	return nil, nil
}
