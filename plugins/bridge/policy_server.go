package bridge

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/scheduler"
)

type policyServer struct {
	pb.UnimplementedPolicyServiceServer
	srv *Server
}

func decideEnded(e *pb.Ended) proto.Message {
	return &pb.DecideResponse{Response: &pb.DecideResponse_Ended{Ended: e}}
}

// Decide is one policy.
func (s policyServer) Decide(stream grpc.BidiStreamingServer[pb.DecideRequest, pb.DecideResponse]) error {
	s.srv.wg.Add(1)
	defer s.srv.wg.Done()
	first, err := firstRequest(stream, &pb.DecideRequest{})
	if err != nil {
		return err
	}
	open := first.GetOpen()
	p, err := s.make(open)
	if err != nil {
		return refuse(stream, decideEnded, err)
	}
	i, err := connect(stream, open.GetDataChannel(), func(dataChannel bool) proto.Message {
		return &pb.DecideResponse{Response: &pb.DecideResponse_Opened{Opened: &pb.PolicyOpened{DataChannel: dataChannel}}}
	})
	if err != nil {
		return err
	}
	d := &decider{instance: i, policy: p}
	return i.serve(d.wait, decideEnded, d.handle)
}

func (s policyServer) make(open *pb.OpenPolicy) (scheduler.Policy, error) {
	if open == nil {
		return nil, fmt.Errorf("%w: the first request does not open a policy", ErrProtocol)
	}
	p, err := s.srv.find(KindPolicy, open.GetName())
	if err != nil {
		return nil, err
	}
	return p.Policy(open.GetParams())
}

// decider is the plugin's end of one policy.
type decider struct {
	*instance
	policy scheduler.Policy
}

// wait does nothing until Stop: a policy only answers.
func (d *decider) wait() error {
	<-d.ctx.Done()
	return nil
}

func (d *decider) handle(batch [][]byte) error {
	for _, msg := range batch {
		m, err := decode(msg, &pb.DecideRequest{})
		if err != nil {
			return err
		}
		switch m := m.GetRequest().(type) {
		case *pb.DecideRequest_Stop:
			d.stop()
		case *pb.DecideRequest_Batch:
			b, err := batchFrom(m.Batch)
			if err != nil {
				return err
			}
			a := d.policy.Step(b)
			if err := d.out.Put(encode(&pb.DecideResponse{Response: &pb.DecideResponse_Answer{Answer: answerOf(&a)}})); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%w: a request that is not known or not due", errWire)
		}
	}
	return nil
}
