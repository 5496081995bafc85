package bridge

import (
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

type ingestServer struct {
	pb.UnimplementedIngestServiceServer
	srv *Server
}

func readEnded(e *pb.Ended) proto.Message {
	return &pb.ReadResponse{Response: &pb.ReadResponse_Ended{Ended: e}}
}

// Read is one ingest.
func (s ingestServer) Read(stream grpc.BidiStreamingServer[pb.ReadRequest, pb.ReadResponse]) error {
	s.srv.wg.Add(1)
	defer s.srv.wg.Done()
	first, err := firstRequest(stream, &pb.ReadRequest{})
	if err != nil {
		return err
	}
	open := first.GetOpen()
	in, err := s.make(open)
	if err != nil {
		return refuse(stream, readEnded, err)
	}
	i, err := connect(stream, open.GetDataChannel(), func(dataChannel bool) proto.Message {
		return &pb.ReadResponse{Response: &pb.ReadResponse_Opened{Opened: &pb.IngestOpened{DataChannel: dataChannel}}}
	})
	if err != nil {
		return err
	}
	r := &reader{instance: i, ingest: in, started: make(chan struct{})}
	return i.serve(r.run, readEnded, r.handle)
}

func (s ingestServer) make(open *pb.OpenIngest) (ingest.Ingest, error) {
	if open == nil {
		return nil, fmt.Errorf("%w: the first request does not open an ingest", ErrProtocol)
	}
	p, err := s.srv.find(KindIngest, open.GetName())
	if err != nil {
		return nil, err
	}
	return p.Ingest(ingest.Config{
		Source: open.GetSource(), Span: time.Duration(open.GetSpan()), Params: open.GetParams(),
		Log: s.srv.instanceLog().With("source", open.GetSource()),
	})
}

// reader is the plugin's end of one ingest, and the sink of the implementation.
type reader struct {
	*instance
	ingest  ingest.Ingest
	started chan struct{}
	begun   bool // started is closed
	groups  uint64

	mu      sync.Mutex
	refused error // the node takes no more
}

func (r *reader) run() error {
	select {
	case <-r.started:
	case <-r.ctx.Done():
		return nil
	}
	return r.ingest.Run(r.ctx, r)
}

func (r *reader) handle(batch [][]byte) error {
	for _, msg := range batch {
		m, err := decode(msg, &pb.ReadRequest{})
		if err != nil {
			return err
		}
		switch m := m.GetRequest().(type) {
		case *pb.ReadRequest_Start:
			if !r.begun {
				r.begun = true
				close(r.started)
			}
		case *pb.ReadRequest_Stop:
			r.stop()
		case *pb.ReadRequest_Refused:
			r.mu.Lock()
			r.refused = errorOf(orFailure(m.Refused))
			r.mu.Unlock()
		default:
			return fmt.Errorf("%w: a request that is not known or not due", errWire)
		}
	}
	return nil
}

func (r *reader) enough() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused
}

// Tracks passes the media's description on. The node's refusal comes with a later call.
func (r *reader) Tracks(m ingest.Media) error {
	if err := r.enough(); err != nil {
		return err
	}
	return r.out.Put(encode(&pb.ReadResponse{Response: &pb.ReadResponse_Tracks{Tracks: mediaOf(&m)}}))
}

// Group passes a group on, and waits when the node does not read. The node's refusal comes with a later call.
func (r *reader) Group(g chunk.Group) error {
	if err := r.enough(); err != nil {
		return err
	}
	if err := r.tellMeasured(); err != nil {
		return err
	}
	return r.out.Put(encodeGroup(fieldGroup, &timedGroup{Group: g}))
}

// measureEvery is after how many groups the node is told what the implementation has measured.
const measureEvery = 10

func (r *reader) tellMeasured() error {
	m, measures := r.ingest.(ingest.Measurer)
	if r.groups++; !measures || r.groups%measureEvery != 0 {
		return nil
	}
	delays := m.Measured()
	if len(delays) == 0 {
		return nil
	}
	return r.out.Put(encode(&pb.ReadResponse{Response: &pb.ReadResponse_Delays{Delays: delaysOf(delays)}}))
}

// Discover lists what a server offers until the call ends.
func (s ingestServer) Discover(req *pb.DiscoverRequest, stream grpc.ServerStreamingServer[pb.DiscoverResponse]) error {
	s.srv.wg.Add(1)
	defer s.srv.wg.Done()
	end := func(err error) error {
		return stream.Send(&pb.DiscoverResponse{Response: &pb.DiscoverResponse_Ended{Ended: &pb.Ended{Failure: failureOf(err)}}})
	}
	p, err := s.srv.find(KindIngest, req.GetName())
	if err == nil && p.Discoverer == nil {
		err = fmt.Errorf("%w: ingest/%s cannot list what a server offers", ErrNotOffered, p.Name)
	}
	if err != nil {
		return end(err)
	}
	d, err := p.Discoverer(ingest.Config{Source: req.GetSource(), Params: req.GetParams(), Log: s.srv.instanceLog()})
	if err != nil {
		return end(err)
	}
	if err := stream.Send(&pb.DiscoverResponse{Response: &pb.DiscoverResponse_Opened{Opened: &pb.DiscoverOpened{}}}); err != nil {
		return err
	}
	var mu sync.Mutex
	return end(d.Discover(stream.Context(), func(f ingest.Found) {
		mu.Lock()
		defer mu.Unlock()
		_ = stream.Send(&pb.DiscoverResponse{Response: &pb.DiscoverResponse_Found{Found: foundOf(&f)}}) // else the call has ended
	}))
}
