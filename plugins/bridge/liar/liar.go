// Package liar is a plugin for tests: it keeps to go-plugin's handshake, and to the protocol after it as far as it is told to.
//
//	nothing, twice, slow, huge, exit                        when it is asked what it offers
//	no answer to open                                       when a policy is opened
//	another revision, substream 99, oversized, garbage      when a policy is asked
//	unknown link, flood                                     when a transport is started
//
// Told to echo, it is honest, and as plain as go-plugin and protoc make a plugin: see Plain.
package liar

import (
	"context"
	"os"
	"strings"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// liar serves the protobuf by hand.
type liar struct {
	goplugin.NetRPCUnsupportedPlugin
	pb.UnimplementedPluginServiceServer
	pb.UnimplementedPolicyServiceServer
	pb.UnimplementedTransportServiceServer

	what string
	exit func(code int)
}

// Serve is the liar's main, with os.Exit. It ends with its input, as a plugin should.
func Serve(what string, exit func(code int)) {
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1)) // nothing comes but the end
		exit(0)
	}()
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: bridge.Protocol, MagicCookieKey: bridge.CookieKey, MagicCookieValue: bridge.CookieValue,
		},
		Plugins:    goplugin.PluginSet{"liar": &liar{what: what, exit: exit}},
		GRPCServer: goplugin.DefaultGRPCServer,
	})
}

// GRPCServer is called once, by go-plugin.
func (l *liar) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterPluginServiceServer(s, l)
	pb.RegisterPolicyServiceServer(s, l)
	pb.RegisterTransportServiceServer(s, l)
	return nil
}

// GRPCClient is never called.
func (l *liar) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

// Describe offers a policy and a transport called mine, or lies.
func (l *liar) Describe(ctx context.Context, _ *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	offers := []*pb.Offer{{Kind: pb.Kind_KIND_POLICY, Name: "mine"}, {Kind: pb.Kind_KIND_TRANSPORT, Name: "mine"}}
	switch l.what {
	case "nothing":
		offers = nil
	case "twice":
		offers = append(offers, offers[0])
	case "slow":
		<-ctx.Done()
	case "huge":
		return &pb.DescribeResponse{Version: strings.Repeat("1", bridge.MaxMessage), Offers: offers}, nil
	case "exit":
		println("no licence") // to the descriptor: go-plugin has replaced os.Stderr
		l.exit(4)
	}
	return &pb.DescribeResponse{Offers: offers}, nil
}

// Decide opens a policy, and answers the first batch by a lie.
func (l *liar) Decide(s grpc.BidiStreamingServer[pb.DecideRequest, pb.DecideResponse]) error {
	if l.what == "no answer to open" {
		<-s.Context().Done()
	}
	open, err := s.Recv()
	if err != nil {
		return err
	}
	lies := map[string]*pb.DecideResponse{
		"another revision": {Response: &pb.DecideResponse_Answer{Answer: &pb.Answer{Revision: 99}}},
		"substream 99":     {Response: &pb.DecideResponse_Answer{Answer: &pb.Answer{Revision: 1, Actions: []*pb.Action{{Action: &pb.Action_Push{Push: &pb.PushAction{Substream: 99}}}}}}},
		"oversized":        {Response: &pb.DecideResponse_Ended{Ended: &pb.Ended{Failure: &pb.Failure{Text: strings.Repeat("a", bridge.MaxMessage)}}}},
	}
	data := l.what == "garbage"
	if err := s.Send(&pb.DecideResponse{Response: &pb.DecideResponse_Opened{Opened: &pb.PolicyOpened{DataChannel: data}}}); err != nil {
		return err
	}
	if data {
		dc := open.GetOpen().GetDataChannel()
		c, err := pipe.Dial(dc.GetPath(), dc.GetToken())
		if err != nil {
			return err
		}
		if _, err := c.Write([]byte("\x00\x00\x00\x05hello")); err != nil {
			return err
		}
		<-s.Context().Done()
		return nil
	}
	if _, err := s.Recv(); err != nil {
		return err
	}
	if m := lies[l.what]; m != nil {
		if err := s.Send(m); err != nil {
			return err
		}
	}
	<-s.Context().Done()
	return nil
}

// Carry opens a transport, and floods.
func (l *liar) Carry(s grpc.BidiStreamingServer[pb.CarryRequest, pb.CarryResponse]) error {
	if l.what == "echo" {
		return echo(s)
	}
	opened := &pb.CarryResponse{Response: &pb.CarryResponse_Opened{Opened: &pb.TransportOpened{Scheme: "lie", MaxChunk: 1000, Overhead: 60}}}
	if err := s.Send(opened); err != nil {
		return err
	}
	for range 2 { // Open and Start
		if _, err := s.Recv(); err != nil {
			return err
		}
	}
	for n := uint64(1); s.Context().Err() == nil; n++ {
		up := &pb.CarryResponse{Response: &pb.CarryResponse_Up{Up: &pb.UpEvent{Link: n, Peer: make([]byte, 32), MaxChunk: 1000}}}
		if l.what == "unknown link" {
			up = &pb.CarryResponse{Response: &pb.CarryResponse_Down{Down: &pb.DownEvent{Link: n}}}
		}
		if err := s.Send(up); err != nil {
			return err
		}
	}
	return nil
}
