package liar

import (
	"context"
	"runtime/debug"

	"google.golang.org/grpc"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/plugins/bridge"
)

// plainGC is the share of garbage that Go itself begins with.
const plainGC = 100

// Plain is one call of Carry as protoc and go-plugin make it, without anything of the bridge: what a data channel is
// compared with.
type Plain struct {
	stream grpc.BidiStreamingClient[pb.CarryRequest, pb.CarryResponse]
	stop   context.CancelFunc
}

// NewPlain opens the call, of a process that was started with "echo". Errors: gRPC's.
func NewPlain(conn grpc.ClientConnInterface) (*Plain, error) {
	ctx, stop := context.WithCancel(context.Background())
	most := []grpc.CallOption{grpc.MaxCallRecvMsgSize(bridge.MaxMessage), grpc.MaxCallSendMsgSize(bridge.MaxMessage)}
	stream, err := pb.NewTransportServiceClient(conn).Carry(ctx, most...)
	if err != nil {
		stop()
		return nil, err
	}
	return &Plain{stream: stream, stop: stop}, nil
}

// Send sends a chunk frame. Errors: gRPC's.
func (p *Plain) Send(data []byte) error {
	return p.stream.Send(&pb.CarryRequest{Request: &pb.CarryRequest_Chunk{Chunk: &pb.ChunkCall{To: []uint64{1}, Data: data}}})
}

// Receive waits for the frame to come back. Errors: gRPC's.
func (p *Plain) Receive() ([]byte, error) {
	m, err := p.stream.Recv()
	return m.GetReceived().GetData(), err
}

// Close ends the call.
func (p *Plain) Close() { p.stop() }

// echo sends chunk frames back.
func echo(s grpc.BidiStreamingServer[pb.CarryRequest, pb.CarryResponse]) error {
	debug.SetGCPercent(plainGC)
	for {
		m, err := s.Recv()
		if err != nil {
			return err
		}
		back := &pb.ReceivedEvent{Link: 1, Channel: 2, Data: m.GetChunk().GetData()}
		if err := s.Send(&pb.CarryResponse{Response: &pb.CarryResponse_Received{Received: back}}); err != nil {
			return err
		}
	}
}
