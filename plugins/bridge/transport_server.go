package bridge

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

type transportServer struct {
	pb.UnimplementedTransportServiceServer
	srv *Server
}

func carryEnded(e *pb.Ended) proto.Message {
	return &pb.CarryResponse{Response: &pb.CarryResponse_Ended{Ended: e}}
}

// Carry is one transport.
func (s transportServer) Carry(stream grpc.BidiStreamingServer[pb.CarryRequest, pb.CarryResponse]) error {
	s.srv.wg.Add(1)
	defer s.srv.wg.Done()
	first, err := firstRequest(stream, &pb.CarryRequest{})
	if err != nil {
		return err
	}
	open := first.GetOpen()
	t, err := s.make(open)
	if err != nil {
		return refuse(stream, carryEnded, err)
	}
	i, err := connect(stream, open.GetDataChannel(), func(dataChannel bool) proto.Message {
		o := openedOf(t.Capabilities())
		o.DataChannel = dataChannel
		return &pb.CarryResponse{Response: &pb.CarryResponse_Opened{Opened: o}}
	})
	if err != nil {
		return err
	}
	c := &carrier{instance: i, transport: t, started: make(chan struct{})}
	c.control = newControlQueue(c)
	return i.serve(c.run, carryEnded, c.handle)
}

func (s transportServer) make(open *pb.OpenTransport) (transport.Transport, error) {
	if open == nil {
		return nil, fmt.Errorf("%w: the first request does not open a transport", ErrProtocol)
	}
	p, err := s.srv.find(KindTransport, open.GetName())
	if err != nil {
		return nil, err
	}
	return p.Transport(transport.Config{
		Identity: open.GetIdentity(),
		Listen:   open.GetListen(),
		Params:   open.GetParams(),
		Log:      s.srv.instanceLog(),
	})
}

// carrier is the plugin's end of one transport, and the sink of the implementation.
type carrier struct {
	*instance
	transport transport.Transport
	started   chan struct{}
	begun     bool // started is closed
	frames    []transport.Frame
	control   *controlQueue
}

// run is the implementation's, once the host says Start.
func (c *carrier) run() error {
	select {
	case <-c.started:
	case <-c.ctx.Done():
		return nil
	}
	defer c.control.close()
	return c.transport.Run(c.ctx, c)
}

// handle takes what one read brought, in order: runs of chunk frames in one call of the transport.
func (c *carrier) handle(batch [][]byte) error {
	for _, msg := range batch {
		if inner, ok := unwrap(msg, fieldChunk); ok {
			f, err := decodeChunk(inner)
			if err != nil {
				return err
			}
			c.frames = append(c.frames, f)
			continue
		}
		c.sendChunks()
		m, err := decode(msg, &pb.CarryRequest{})
		if err != nil {
			return err
		}
		if err := c.request(m); err != nil {
			return err
		}
	}
	c.sendChunks()
	c.control.tell()
	return nil
}

func (c *carrier) sendChunks() {
	if len(c.frames) > 0 {
		c.transport.SendChunks(c.frames)
		clear(c.frames)
		c.frames = c.frames[:0]
	}
}

func (c *carrier) request(m *pb.CarryRequest) error {
	switch m := m.GetRequest().(type) {
	case *pb.CarryRequest_Start:
		if !c.begun {
			c.begun = true
			close(c.started)
		}
	case *pb.CarryRequest_Stop:
		c.stop()
	case *pb.CarryRequest_Dial:
		return c.dial(m.Dial)
	case *pb.CarryRequest_Control:
		c.control.send(transport.LinkID(m.Control.GetLink()), m.Control.GetData())
	case *pb.CarryRequest_Signal:
		peer, err := peerOf(m.Signal.GetPeer())
		if err != nil {
			return err
		}
		c.transport.Signal(peer, m.Signal.GetData())
	case *pb.CarryRequest_Punch:
		c.transport.Punch(addressesOf(m.Punch.GetAddresses()), durationOf(m.Punch.GetDelay()))
	case *pb.CarryRequest_Close:
		c.transport.Close(transport.LinkID(m.Close.GetLink()), m.Close.GetCause())
	default:
		return fmt.Errorf("%w: a request that is not known or not due", errWire)
	}
	return nil
}

func (c *carrier) dial(m *pb.DialCall) error {
	peer, err := peerOf(m.GetPeer())
	if err != nil {
		return err
	}
	err = c.transport.Dial(peer, addressesOf(m.GetAddresses()))
	return c.say(&pb.CarryResponse{Response: &pb.CarryResponse_Dialed{Dialed: &pb.DialedEvent{Number: m.GetNumber(), Failure: failureOf(err)}}})
}

// say queues a message for the host, and waits for room.
func (c *carrier) say(m *pb.CarryResponse) error { return c.out.Put(encode(m)) }

// Listening passes the bound addresses on.
func (c *carrier) Listening(addresses []swarm.Address) {
	_ = c.say(&pb.CarryResponse{Response: &pb.CarryResponse_Listening{Listening: &pb.ListeningEvent{Addresses: textsOf(addresses)}}}) // else the host is gone
}

// Event passes an event on.
func (c *carrier) Event(e transport.Event) {
	if m := eventOf(e); m != nil {
		_ = c.say(m) // else the host is gone
	}
}

// Received passes frames on. When the host does not read, chunk frames are dropped, and control frames wait.
func (c *carrier) Received(frames []transport.Received) {
	for len(frames) > 0 {
		n := 0
		for n < len(frames) && frames[n].Channel == transport.Chunk {
			n++
		}
		if n > 0 {
			run := make([]pipe.Message, n)
			for i := range run {
				run[i] = encodeReceived(&frames[i])
			}
			c.out.Offer(run) // counted by the queue when dropped: the engine repairs
			frames = frames[n:]
			continue
		}
		if c.out.Put(encodeReceived(&frames[0])) != nil {
			return // the host is gone
		}
		frames = frames[1:]
	}
}
