package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// liar is a plugin that says what a test has it say.
type liar struct {
	pb.UnimplementedPluginServiceServer
	pb.UnimplementedTransportServiceServer
	pb.UnimplementedPolicyServiceServer
	pb.UnimplementedIngestServiceServer
	pb.UnimplementedEgressServiceServer

	carry  func(grpc.BidiStreamingServer[pb.CarryRequest, pb.CarryResponse]) error
	decide func(grpc.BidiStreamingServer[pb.DecideRequest, pb.DecideResponse]) error
	read   func(grpc.BidiStreamingServer[pb.ReadRequest, pb.ReadResponse]) error
	play   func(grpc.BidiStreamingServer[pb.PlayRequest, pb.PlayResponse]) error
}

func (l *liar) Describe(context.Context, *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	return &pb.DescribeResponse{}, nil
}

func (l *liar) Carry(s grpc.BidiStreamingServer[pb.CarryRequest, pb.CarryResponse]) error {
	return l.carry(s)
}

func (l *liar) Decide(s grpc.BidiStreamingServer[pb.DecideRequest, pb.DecideResponse]) error {
	return l.decide(s)
}

func (l *liar) Read(s grpc.BidiStreamingServer[pb.ReadRequest, pb.ReadResponse]) error {
	return l.read(s)
}

func (l *liar) Play(s grpc.BidiStreamingServer[pb.PlayRequest, pb.PlayResponse]) error {
	return l.play(s)
}

// remote serves the liar on a plain gRPC server, as a plugin in another language would be.
func (l *liar) remote(t *testing.T) *Remote {
	t.Helper()
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	pb.RegisterPluginServiceServer(g, l)
	pb.RegisterTransportServiceServer(g, l)
	pb.RegisterPolicyServiceServer(g, l)
	pb.RegisterIngestServiceServer(g, l)
	pb.RegisterEgressServiceServer(g, l)
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	conn, err := grpc.NewClient("unix:"+ln.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		g.Stop()
		<-served
	})
	return &Remote{Conn: conn, Patience: 500 * time.Millisecond}
}

// opened are the answers that a well-behaved plugin begins with.
func opened() (*pb.CarryResponse, *pb.DecideResponse, *pb.ReadResponse, *pb.PlayResponse) {
	return &pb.CarryResponse{Response: &pb.CarryResponse_Opened{Opened: &pb.TransportOpened{Scheme: "lie", MaxChunk: 1000, Overhead: 60}}},
		&pb.DecideResponse{Response: &pb.DecideResponse_Opened{Opened: &pb.PolicyOpened{}}},
		&pb.ReadResponse{Response: &pb.ReadResponse_Opened{Opened: &pb.IngestOpened{}}},
		&pb.PlayResponse{Response: &pb.PlayResponse_Opened{Opened: &pb.EgressOpened{Pacing: pb.Pacing_PACING_AS_COMPLETE}}}
}

// listener keeps the events of a transport.
type listener struct {
	mu     sync.Mutex
	events []transport.Event
	frames int
}

func (l *listener) Listening([]swarm.Address) {}

func (l *listener) Received(f []transport.Received) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames += len(f)
}

func (l *listener) Event(e transport.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

func TestATransportThatLiesIsEnded(t *testing.T) {
	peer := make([]byte, 32)
	up := &pb.CarryResponse{Response: &pb.CarryResponse_Up{Up: &pb.UpEvent{Link: 1, Peer: peer, MaxChunk: 1000}}}
	received := func(r *pb.ReceivedEvent) *pb.CarryResponse {
		return &pb.CarryResponse{Response: &pb.CarryResponse_Received{Received: r}}
	}
	first, _, _, _ := opened()
	for name, says := range map[string][]*pb.CarryResponse{
		"by a link that is up twice":           {up, up},
		"by link 0":                            {{Response: &pb.CarryResponse_Up{Up: &pb.UpEvent{Peer: peer}}}},
		"by a peer without a key":              {{Response: &pb.CarryResponse_Up{Up: &pb.UpEvent{Link: 1, Peer: []byte("x")}}}},
		"by the end of a link that was not up": {{Response: &pb.CarryResponse_Down{Down: &pb.DownEvent{Link: 7}}}},
		"by a channel that does not exist":     {up, received(&pb.ReceivedEvent{Link: 1, Channel: 9, Data: []byte("x")})},
		"by a frame that is too long":          {up, received(&pb.ReceivedEvent{Link: 1, Channel: 2, Data: make([]byte, swarm.MaxControlFrame+1)})},
		"by an answer to no dial":              {{Response: &pb.CarryResponse_Dialed{Dialed: &pb.DialedEvent{Number: 3}}}},
		"by opening twice":                     {first},
		"by an empty response":                 {{Response: &pb.CarryResponse_Listening{}}, {}, received(&pb.ReceivedEvent{})},
	} {
		t.Run(name, func(t *testing.T) {
			l := &liar{carry: func(s grpc.BidiStreamingServer[pb.CarryRequest, pb.CarryResponse]) error {
				if _, err := s.Recv(); err != nil {
					return err
				}
				for _, m := range append([]*pb.CarryResponse{first}, says...) {
					if err := s.Send(m); err != nil {
						return err
					}
				}
				<-s.Context().Done()
				return nil
			}}
			made, err := l.remote(t).Transport(t.Context(), "lie", transport.Config{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
			defer stop()
			sink := &listener{}
			if err := made.Run(ctx, sink); !errors.Is(err, ErrProtocol) {
				t.Errorf("Run: %v; want ErrProtocol", err)
			}
			ups, downs := 0, 0
			for _, e := range sink.events {
				switch e.(type) {
				case transport.Up:
					ups++
				case transport.Down:
					downs++
				}
			}
			if ups != downs {
				t.Errorf("%d links came up, %d went down", ups, downs)
			}
		})
	}
}

func TestFramesOfUnknownLinksArePassedOver(t *testing.T) {
	first, _, _, _ := opened()
	l := &liar{carry: func(s grpc.BidiStreamingServer[pb.CarryRequest, pb.CarryResponse]) error {
		if _, err := s.Recv(); err != nil {
			return err
		}
		for _, m := range []*pb.CarryResponse{
			first,
			{Response: &pb.CarryResponse_Received{Received: &pb.ReceivedEvent{Link: 5, Channel: 2, Data: []byte("x")}}},
			{Response: &pb.CarryResponse_Full{Full: &pb.FullEvent{Link: 5, Token: 1}}},
			{Response: &pb.CarryResponse_Measured{Measured: &pb.MeasuredEvent{Link: 5}}},
			{Response: &pb.CarryResponse_ControlTaken{ControlTaken: &pb.ControlTakenEvent{Link: 5, Bytes: 1 << 60}}},
			{Response: &pb.CarryResponse_Ended{Ended: &pb.Ended{}}},
		} {
			if err := s.Send(m); err != nil {
				return err
			}
		}
		return nil
	}}
	made, err := l.remote(t).Transport(t.Context(), "lie", transport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	sink := &listener{}
	if err := made.Run(t.Context(), sink); !errors.Is(err, ErrPluginDied) || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("Run: %v, of a transport that ends without a reason", err)
	}
	if sink.frames != 0 || len(sink.events) != 0 {
		t.Errorf("the sink was told of %d frames and %v", sink.frames, sink.events)
	}
}

func TestAnInstanceThatDoesNotBeginAsItShouldIsRefused(t *testing.T) {
	first, _, _, _ := opened()
	first.GetOpened().DataChannel = true
	for name, c := range map[string]struct {
		says *pb.CarryResponse
		is   error
		text string
	}{
		"it says nothing":                       {nil, ErrPluginDied, "did not answer"},
		"it begins in the middle":               {&pb.CarryResponse{Response: &pb.CarryResponse_Listening{Listening: &pb.ListeningEvent{}}}, ErrProtocol, "neither opened"},
		"it has no scheme":                      {&pb.CarryResponse{Response: &pb.CarryResponse_Opened{Opened: &pb.TransportOpened{MaxChunk: 9}}}, ErrProtocol, "scheme"},
		"it carries no frames":                  {&pb.CarryResponse{Response: &pb.CarryResponse_Opened{Opened: &pb.TransportOpened{Scheme: "x"}}}, ErrProtocol, "0 bytes"},
		"it uses a data channel that is not":    {first, ErrProtocol, "data channel"},
		"it refuses without a reason":           {&pb.CarryResponse{Response: &pb.CarryResponse_Ended{Ended: &pb.Ended{}}}, nil, "without a reason"},
		"it refuses with one that is agreed on": {carryEnded(&pb.Ended{Failure: failureOf(transport.ErrAddress)}).(*pb.CarryResponse), transport.ErrAddress, "address"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &liar{carry: func(s grpc.BidiStreamingServer[pb.CarryRequest, pb.CarryResponse]) error {
				if c.says != nil {
					if err := s.Send(c.says); err != nil {
						return err
					}
				}
				<-s.Context().Done()
				return nil
			}}
			began := time.Now()
			_, err := l.remote(t).Transport(t.Context(), "lie", transport.Config{})
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v; want %v and %q", err, c.is, c.text)
			}
			if d := time.Since(began); d > 3*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
	t.Run("it has no such service", func(t *testing.T) {
		l := &liar{carry: func(grpc.BidiStreamingServer[pb.CarryRequest, pb.CarryResponse]) error {
			return pb.UnimplementedTransportServiceServer{}.Carry(nil)
		}}
		if _, err := l.remote(t).Transport(t.Context(), "lie", transport.Config{}); !errors.Is(err, ErrNotOffered) {
			t.Errorf("error %v; want ErrNotOffered", err)
		}
	})
	t.Run("it offers nothing", func(t *testing.T) {
		if _, err := (&liar{}).remote(t).Describe(t.Context(), "test"); !errors.Is(err, ErrProtocol) {
			t.Errorf("error %v; want ErrProtocol", err)
		}
	})
}

func TestAPolicyThatLiesIsDone(t *testing.T) {
	_, first, _, _ := opened()
	answer := func(a *pb.Answer) *pb.DecideResponse {
		return &pb.DecideResponse{Response: &pb.DecideResponse_Answer{Answer: a}}
	}
	for name, says := range map[string]*pb.DecideResponse{
		"by another revision":  answer(&pb.Answer{Revision: 99}),
		"by a bad action":      answer(&pb.Answer{Revision: 1, Actions: []*pb.Action{{Action: &pb.Action_Connect{Connect: &pb.ConnectAction{}}}}}),
		"by opening twice":     first,
		"by ending with cause": {Response: &pb.DecideResponse_Ended{Ended: &pb.Ended{Failure: &pb.Failure{Text: "tired"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			l := &liar{decide: func(s grpc.BidiStreamingServer[pb.DecideRequest, pb.DecideResponse]) error {
				for i := range 2 {
					if _, err := s.Recv(); err != nil {
						return err
					}
					if err := s.Send([]*pb.DecideResponse{first, says}[i]); err != nil {
						return err
					}
				}
				<-s.Context().Done()
				return nil
			}}
			p, err := l.remote(t).Policy(t.Context(), "lie", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			if a := p.Step(&scheduler.Batch{Revision: 1}); len(a.Actions) != 0 {
				t.Errorf("answer %+v", a)
			}
			select {
			case <-p.Done():
			case <-time.After(5 * time.Second):
				t.Fatal("it is not done")
			}
			if p.Err() == nil {
				t.Error("no error tells why")
			}
		})
	}
}

// never is a sink that must not be reached.
type never struct{ t *testing.T }

func (n never) Tracks(ingest.Media) error { return nil }

func (n never) Group(chunk.Group) error {
	n.t.Error("a group came")
	return nil
}

func TestAnIngestOrEgressThatLiesIsEnded(t *testing.T) {
	_, _, read, play := opened()
	for name, says := range map[string]*pb.ReadResponse{
		"a group before its tracks": {Response: &pb.ReadResponse_Group{Group: &pb.MediaGroup{Payload: []byte("x")}}},
		"too many tracks":           {Response: &pb.ReadResponse_Tracks{Tracks: &pb.TracksEvent{Tracks: make([]*pb.Track, chunk.MaxTracks+1)}}},
		"too many delays":           {Response: &pb.ReadResponse_Delays{Delays: &pb.DelaysEvent{Delays: make([]int64, maxDelays+1)}}},
		"opening twice":             read,
	} {
		t.Run(name, func(t *testing.T) {
			if tr := says.GetTracks(); tr != nil {
				for i := range tr.Tracks {
					tr.Tracks[i] = &pb.Track{Id: uint32(i)}
				}
			}
			l := &liar{read: func(s grpc.BidiStreamingServer[pb.ReadRequest, pb.ReadResponse]) error {
				for _, m := range []*pb.ReadResponse{read, says} {
					if err := s.Send(m); err != nil {
						return err
					}
				}
				<-s.Context().Done()
				return nil
			}}
			in, err := l.remote(t).Ingest(t.Context(), "lie", ingest.Config{})
			if err != nil {
				t.Fatal(err)
			}
			if err := in.Run(t.Context(), never{t}); !errors.Is(err, ErrProtocol) {
				t.Errorf("Run: %v; want ErrProtocol", err)
			}
		})
	}
	t.Run("ready twice", func(t *testing.T) {
		l := &liar{play: func(s grpc.BidiStreamingServer[pb.PlayRequest, pb.PlayResponse]) error {
			ready := &pb.PlayResponse{Response: &pb.PlayResponse_Ready{Ready: &pb.ReadyEvent{}}}
			for _, m := range []*pb.PlayResponse{play, ready, ready} {
				if err := s.Send(m); err != nil {
					return err
				}
			}
			<-s.Context().Done()
			return nil
		}}
		e, err := l.remote(t).Egress(t.Context(), "lie", egress.Config{})
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		err = e.Run(t.Context(), make(chan egress.Item), func([]string) { calls++ })
		if !errors.Is(err, ErrProtocol) || calls != 1 {
			t.Errorf("Run: %v after %d calls of ready; want ErrProtocol after one", err, calls)
		}
	})
}

// TestAnIngestThatFloodsIsHeldUpAndEnded has a sink that takes its time: the plugin waits, nothing is kept, and when the
// sink has had enough the plugin is ended although it does not listen.
func TestAnIngestThatFloodsIsHeldUpAndEnded(t *testing.T) {
	_, _, read, _ := opened()
	var before atomic.Int64 // groups sent while the sink still took them
	sink := &slow{until: 3, err: errors.New("enough"), pause: 50 * time.Millisecond}
	l := &liar{read: func(s grpc.BidiStreamingServer[pb.ReadRequest, pb.ReadResponse]) error {
		tracks := &pb.ReadResponse{Response: &pb.ReadResponse_Tracks{Tracks: &pb.TracksEvent{}}}
		for _, m := range []*pb.ReadResponse{read, tracks} {
			if err := s.Send(m); err != nil {
				return err
			}
		}
		group := &pb.ReadResponse{Response: &pb.ReadResponse_Group{Group: &pb.MediaGroup{Payload: make([]byte, 1<<20)}}}
		for {
			if err := s.Send(group); err != nil {
				return err
			}
			if !sink.refused.Load() {
				before.Add(1)
			}
		}
	}}
	in, err := l.remote(t).Ingest(t.Context(), "lie", ingest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := in.Run(t.Context(), sink); !errors.Is(err, sink.err) {
		t.Errorf("Run: %v; want the sink's error", err)
	}
	if d := time.Since(began); d > 4*time.Second {
		t.Errorf("it was ended after %v", d)
	}
	if n := before.Load(); n > 20 {
		t.Errorf("%d groups of 1 MiB were taken from it while the sink took 2", n)
	}
}

// slow takes groups one by one, and refuses from a certain one on.
type slow struct {
	until, n int
	err      error
	pause    time.Duration
	refused  atomic.Bool
}

func (s *slow) Tracks(ingest.Media) error { return nil }

func (s *slow) Group(chunk.Group) error {
	timer := time.NewTimer(s.pause)
	<-timer.C
	if s.n++; s.n >= s.until {
		s.refused.Store(true)
		return fmt.Errorf("group %d: %w", s.n, s.err)
	}
	return nil
}
