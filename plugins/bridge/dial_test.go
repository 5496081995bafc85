package bridge

import (
	"errors"
	"testing"

	"google.golang.org/grpc"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// TestADialOfOtherSchemesIsRefusedHoweverBusyThePluginIs: its answer would come too late to be an error of Dial.
func TestADialOfOtherSchemesIsRefusedHoweverBusyThePluginIs(t *testing.T) {
	l := &liar{carry: func(s grpc.BidiStreamingServer[pb.CarryRequest, pb.CarryResponse]) error {
		if _, err := s.Recv(); err != nil {
			return err
		}
		if err := s.Send(&pb.CarryResponse{Response: &pb.CarryResponse_Opened{Opened: &pb.TransportOpened{Scheme: "lie", MaxChunk: 1200}}}); err != nil {
			return err
		}
		<-s.Context().Done() // it answers nothing
		return nil
	}}
	made, err := l.remote(t).Transport(t.Context(), "lie", transport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]swarm.Address{nil, {""}, {"lie"}, {"other:1", "lies:2"}} {
		if err := made.Dial(swarm.PeerID{1}, list); !errors.Is(err, transport.ErrAddress) {
			t.Errorf("Dial %q: %v; want ErrAddress", list, err)
		}
	}
	if err := made.Dial(swarm.PeerID{1}, []swarm.Address{"other:1", "lie:2"}); err != nil {
		t.Errorf("Dial with one address of its scheme: %v", err)
	}
}
