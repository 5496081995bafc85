package bridge

import (
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/egress"
)

// feedDepth is the number of items that wait for an implementation.
const feedDepth = 64

type egressServer struct {
	pb.UnimplementedEgressServiceServer
	srv *Server
}

func playEnded(e *pb.Ended) proto.Message {
	return &pb.PlayResponse{Response: &pb.PlayResponse_Ended{Ended: e}}
}

// Play is one egress.
func (s egressServer) Play(stream grpc.BidiStreamingServer[pb.PlayRequest, pb.PlayResponse]) error {
	s.srv.wg.Add(1)
	defer s.srv.wg.Done()
	first, err := firstRequest(stream, &pb.PlayRequest{})
	if err != nil {
		return err
	}
	open := first.GetOpen()
	e, err := s.make(open)
	if err != nil {
		return refuse(stream, playEnded, err)
	}
	i, err := connect(stream, open.GetDataChannel(), func(dataChannel bool) proto.Message {
		return &pb.PlayResponse{Response: &pb.PlayResponse_Opened{Opened: &pb.EgressOpened{DataChannel: dataChannel, Pacing: pb.Pacing(e.Pacing())}}}
	})
	if err != nil {
		return err
	}
	p := &player{instance: i, egress: e, started: make(chan struct{}), feed: make(chan egress.Item, feedDepth)}
	return i.serve(p.run, playEnded, p.handle)
}

func (s egressServer) make(open *pb.OpenEgress) (egress.Egress, error) {
	if open == nil {
		return nil, fmt.Errorf("%w: the first request does not open an egress", ErrProtocol)
	}
	p, err := s.srv.find(KindEgress, open.GetName())
	if err != nil {
		return nil, err
	}
	return p.Egress(egress.Config{
		Stream: open.GetStream(), Listen: open.GetListen(), Params: open.GetParams(),
		Log: s.srv.instanceLog().With("stream", open.GetStream()),
	})
}

// player is the plugin's end of one egress.
type player struct {
	*instance
	egress  egress.Egress
	started chan struct{}
	begun   bool // started is closed
	feed    chan egress.Item
	closed  bool // feed is
}

func (p *player) run() error {
	select {
	case <-p.started:
	case <-p.ctx.Done():
		return nil
	}
	return p.egress.Run(p.ctx, p.feed, func(urls []string) {
		list := make([]string, len(urls))
		for i, u := range urls {
			list[i] = toValid(u)
		}
		_ = p.out.Put(encode(&pb.PlayResponse{Response: &pb.PlayResponse_Ready{Ready: &pb.ReadyEvent{Urls: list}}})) // else the host is gone
	})
}

func (p *player) handle(batch [][]byte) error {
	for _, msg := range batch {
		if inner, ok := unwrap(msg, fieldMedia); ok {
			g, err := decodeGroup(inner)
			if err != nil {
				return err
			}
			p.give(egress.Media{Group: g.Group, Due: g.due})
			continue
		}
		m, err := decode(msg, &pb.PlayRequest{})
		if err != nil {
			return err
		}
		if err := p.request(m); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) request(m *pb.PlayRequest) error {
	switch m := m.GetRequest().(type) {
	case *pb.PlayRequest_Start:
		if !p.begun {
			p.begun = true
			close(p.started)
		}
	case *pb.PlayRequest_Stop:
		p.stop()
	case *pb.PlayRequest_Begin:
		d, err := descriptorFrom(m.Begin.GetDescriptor_())
		if err != nil {
			return err
		}
		p.give(egress.Begin{Descriptor: d})
	case *pb.PlayRequest_Gap:
		p.give(egress.Gap{From: time.Duration(m.Gap.GetFrom()), Resume: time.Duration(m.Gap.GetResume())})
	case *pb.PlayRequest_FeedClosed:
		if !p.closed {
			p.closed = true
			close(p.feed)
		}
	default:
		return fmt.Errorf("%w: a request that is not known or not due", errWire)
	}
	return nil
}

// give puts an item into the feed, and waits for room while the implementation runs.
func (p *player) give(item egress.Item) {
	if p.closed {
		return
	}
	select {
	case p.feed <- item:
	case <-p.ctx.Done():
	}
}
