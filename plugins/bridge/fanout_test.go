package bridge

import (
	"encoding/binary"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

func TestAPayloadCrossesOnceWhateverItsFanOut(t *testing.T) {
	const size, links = 30 << 10, 300
	crossed := make(chan uint32, 10)
	l := &liar{carry: func(s grpc.BidiStreamingServer[pb.CarryRequest, pb.CarryResponse]) error {
		open, err := s.Recv()
		if err != nil {
			return err
		}
		c, err := pipe.Dial(open.GetOpen().GetDataChannel().GetPath(), open.GetOpen().GetDataChannel().GetToken())
		if err != nil {
			return err
		}
		defer c.Close()
		if err := s.Send(&pb.CarryResponse{Response: &pb.CarryResponse_Opened{Opened: &pb.TransportOpened{
			Scheme: "lie", MaxChunk: size, Overhead: 60, DataChannel: true,
		}}}); err != nil {
			return err
		}
		for {
			var length [4]byte
			if _, err := io.ReadFull(c, length[:]); err != nil {
				return err
			}
			n := binary.BigEndian.Uint32(length[:])
			if _, err := io.CopyN(io.Discard, c, int64(n)); err != nil {
				return err
			}
			crossed <- n
		}
	}}
	r := l.remote(t)
	var err error
	if r.Channels, err = pipe.Listen(t.TempDir(), func() int { return 0 }); err != nil {
		t.Fatal(err)
	}
	defer r.Channels.Close()
	made, err := r.Transport(t.Context(), "lie", transport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- made.Run(t.Context(), &listener{}) }()
	var to []transport.LinkID
	for i := range links {
		to = append(to, transport.LinkID(i+1))
	}
	made.SendChunks([]transport.Frame{{Data: make([]byte, size), To: to, Token: 1}})
	deadline := time.After(5 * time.Second)
	for { // Start is a message, too
		select {
		case n := <-crossed:
			if n < size {
				continue
			}
			if n > size+4*links {
				t.Errorf("%d bytes crossed for one payload of %d to %d links", n, size, links)
			}
			select {
			case again := <-crossed:
				if again >= size {
					t.Errorf("%d bytes more crossed", again)
				}
			case <-time.After(50 * time.Millisecond):
			}
			return
		case <-deadline:
			t.Fatal("no payload has crossed")
		}
	}
}
