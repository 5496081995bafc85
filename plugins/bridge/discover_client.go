package bridge

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/ingest"
)

// Discoverer makes a discoverer in the process. Errors: as Ingest.
func (r *Remote) Discoverer(ctx context.Context, name string, cfg ingest.Config) (ingest.Discoverer, error) {
	d := &discoverClient{remote: r, request: &pb.DiscoverRequest{Name: toValid(name), Source: toValid(cfg.Source), Params: paramsOf(cfg.Params)}}
	first, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	d.first = first
	return d, nil
}

// discoverClient is the host's end of one discoverer.
type discoverClient struct {
	remote  *Remote
	request *pb.DiscoverRequest

	mu    sync.Mutex
	first *discovery // opened with the discoverer, for the first Discover
}

// discovery is one call.
type discovery struct {
	stream grpc.ServerStreamingClient[pb.DiscoverResponse]
	cancel context.CancelFunc
}

// open makes a call, and waits for the plugin to say that the configuration is good.
func (d *discoverClient) open(parent context.Context) (*discovery, error) {
	ctx, stop := context.WithTimeout(parent, d.remote.openPatience())
	defer stop()
	streamCtx, cancel := context.WithCancel(context.Background())
	defer context.AfterFunc(ctx, cancel)() // while opening, the call ends with ctx
	stream, err := d.begin(streamCtx)
	switch {
	case err == nil:
		return &discovery{stream: stream, cancel: cancel}, nil
	case parent.Err() != nil:
		err = context.Cause(parent)
	case ctx.Err() != nil:
		err = fmt.Errorf("%w: it did not answer the request to discover within %v", ErrPluginDied, d.remote.openPatience())
	}
	cancel()
	return nil, err
}

func (d *discoverClient) begin(ctx context.Context) (grpc.ServerStreamingClient[pb.DiscoverResponse], error) {
	stream, err := pb.NewIngestServiceClient(d.remote.Conn).Discover(ctx, d.request, callOptions()...)
	if err != nil {
		return nil, d.remote.broken(err)
	}
	m, err := stream.Recv()
	switch {
	case err != nil:
		return nil, d.remote.broken(err)
	case m.GetEnded() != nil:
		return nil, errorOf(orFailure(m.GetEnded().GetFailure()))
	case m.GetOpened() == nil:
		return nil, fmt.Errorf("%w: neither opened nor ended", ErrProtocol)
	}
	return stream, nil
}

// Discover reports what the plugin finds until ctx ends, the implementation's Discover does, or the process dies.
func (d *discoverClient) Discover(ctx context.Context, found func(ingest.Found)) error {
	d.mu.Lock()
	call := d.first
	d.first = nil
	d.mu.Unlock()
	if call == nil {
		var err error
		if call, err = d.open(ctx); ctx.Err() != nil {
			return nil
		} else if err != nil {
			return err
		}
	}
	defer call.cancel()
	defer context.AfterFunc(ctx, call.cancel)()
	for {
		m, err := call.stream.Recv()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return d.remote.broken(err)
		case m.GetEnded() != nil:
			return errorOf(m.GetEnded().GetFailure())
		case m.GetFound() == nil:
			return fmt.Errorf("%w: a response that is not known or not due", ErrProtocol)
		}
		f, err := foundFrom(m.GetFound())
		if err != nil {
			return fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		found(f)
	}
}
