package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// replyBacklog is the number of bytes that wait for the host before who says more waits.
const replyBacklog = 1 << 20

// Server is the plugin's end of all instances of a process.
type Server struct {
	plugins []Plugin
	version string
	build   string
	log     *slog.Logger
	wg      sync.WaitGroup // of instances
	made    atomic.Uint64  // instances that were asked for
}

// ServerConfig says what is served.
type ServerConfig struct {
	Plugins []Plugin
	Version string       // of the plugin, for people
	Build   string       // of the program; see the function Build
	Log     *slog.Logger // given to every instance
}

// Register serves plugins on s, which was made with ServerOptions.
func Register(s grpc.ServiceRegistrar, cfg ServerConfig) *Server {
	srv := &Server{plugins: cfg.Plugins, version: cfg.Version, build: cfg.Build, log: cfg.Log}
	if srv.log == nil {
		srv.log = slog.New(slog.DiscardHandler)
	}
	pb.RegisterPluginServiceServer(s, describeServer{srv: srv})
	pb.RegisterTransportServiceServer(s, transportServer{srv: srv})
	pb.RegisterPolicyServiceServer(s, policyServer{srv: srv})
	pb.RegisterIngestServiceServer(s, ingestServer{srv: srv})
	pb.RegisterEgressServiceServer(s, egressServer{srv: srv})
	return srv
}

// Wait returns when every instance has ended, or after patience.
func (s *Server) Wait(patience time.Duration) {
	done := make(chan struct{})
	go func() { // ends with the process at the latest: an implementation that does not end cannot be made to
		s.wg.Wait()
		close(done)
	}()
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
}

// instanceLog is the logger of one instance, which tells it from the others of the process.
func (s *Server) instanceLog() *slog.Logger { return s.log.With("instance", s.made.Add(1)) }

// find is the plugin of a kind and name. Errors: ErrNotOffered, listing what is.
func (s *Server) find(kind Kind, name string) (Plugin, error) {
	p, ok := Find(s.plugins, kind, name)
	if !ok {
		return p, fmt.Errorf("%w: %s/%s (have: %s)", ErrNotOffered, kind, cut(name, 100), join(Names(s.plugins, kind)))
	}
	return p, nil
}

type describeServer struct {
	pb.UnimplementedPluginServiceServer
	srv *Server
}

// Describe tells the table.
func (d describeServer) Describe(context.Context, *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	r := &pb.DescribeResponse{Version: toValid(d.srv.version), Build: toValid(d.srv.build)}
	for i := range d.srv.plugins {
		p := &d.srv.plugins[i]
		r.Offers = append(r.Offers, &pb.Offer{Kind: pb.Kind(p.Kind), Name: toValid(p.Name), Capabilities: p.capabilities()})
	}
	return r, nil
}

// refuse answers a request to open with why there is no instance.
func refuse(stream messageStream, ended func(*pb.Ended) proto.Message, err error) error {
	last := encode(ended(&pb.Ended{Failure: failureOf(err)}))
	return stream.SendMsg(&last)
}

// instance is the plugin's end of one instance.
type instance struct {
	conn pipe.Conn
	out  *pipe.Outbox
	call context.Context // ends with the gRPC call
	ctx  context.Context // of the work: ends at Stop, and with the call
	stop context.CancelFunc
}

// firstRequest reads the request that opens an instance.
func firstRequest[M proto.Message](stream messageStream, m M) (M, error) {
	var r received
	if err := stream.RecvMsg(&r); err != nil {
		return m, err
	}
	return decode(r.data, m)
}

// connect connects the data channel where one was offered, and says so in the answer that opened makes. Without it,
// the messages of the instance stay on the call.
func connect(stream messageStream, offered *pb.DataChannel, opened func(dataChannel bool) proto.Message) (*instance, error) {
	i := &instance{conn: &streamConn{stream: stream}, call: stream.Context()}
	if len(offered.GetToken()) == pipe.TokenSize {
		if c, err := pipe.Dial(offered.GetPath(), offered.GetToken()); err == nil {
			i.conn = pipe.NewSocket(c, MaxMessage)
		}
	}
	_, onCall := i.conn.(*streamConn)
	first := encode(opened(!onCall))
	if err := stream.SendMsg(&first); err != nil {
		i.conn.Close()
		return nil, err
	}
	i.out = pipe.NewOutbox(i.conn, replyBacklog, nil)
	i.ctx, i.stop = context.WithCancel(stream.Context())
	return i, nil
}

// serve runs work beside the messages that come, and sends its error as the last message. It returns when all has
// ended: the host closes once it has that message, or is gone.
func (i *instance) serve(work func() error, ended func(*pb.Ended) proto.Message, handle func(batch [][]byte) error) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	defer i.conn.Close()
	defer i.out.Fail(pipe.ErrClosed)
	defer i.stop()
	wg.Go(func() { _ = i.out.Run() })               // its error is that of Receive below
	defer context.AfterFunc(i.call, i.conn.Close)() // the call's end is the instance's
	wg.Go(func() {
		err := work()
		i.stop()
		_ = i.out.Put(encode(ended(&pb.Ended{Failure: failureOf(err)}))) // else the host is gone
	})
	var batch [][]byte
	for {
		var err error
		if batch, err = i.conn.Receive(batch[:0]); err != nil {
			if errors.Is(err, io.EOF) || i.call.Err() != nil {
				return nil
			}
			return err
		}
		if err := handle(batch); err != nil {
			return err
		}
		clear(batch)
	}
}
