package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

const (
	openPatience = 5 * time.Second // default for a plugin to make an instance
	stopPatience = 2 * time.Second // for an instance to end after Stop
	lastPatience = time.Second     // for what is left on the data channel after the call has ended
)

// session is the host's end of one instance.
type session struct {
	remote *Remote
	stream grpc.ClientStream
	cancel context.CancelFunc // of the stream
	conn   pipe.Conn
	wg     sync.WaitGroup // of what run has started
	called chan error     // holds one: how the call ended, where a data channel carries the messages
}

// opening says how an instance is opened.
type opening struct {
	call    func(context.Context) (grpc.ClientStream, error)
	request func(*pb.DataChannel) proto.Message
	// opened takes the first response: whether the data channel is in use, or why there is no instance.
	opened func(first []byte) (dataChannel bool, failure *pb.Failure, err error)
}

// open makes an instance. Errors: what the implementation's factory answered, ErrProtocol, ErrPluginDied.
func (r *Remote) open(parent context.Context, o opening) (*session, error) {
	ctx, stop := context.WithTimeout(parent, r.openPatience())
	defer stop()
	streamCtx, cancel := context.WithCancel(context.Background())
	defer context.AfterFunc(ctx, cancel)() // while opening, the stream ends with ctx
	s, err := r.handshake(ctx, streamCtx, o)
	if err != nil {
		cancel()
		switch {
		case parent.Err() != nil:
			return nil, context.Cause(parent)
		case ctx.Err() != nil && !errors.Is(err, ErrProtocol):
			err = fmt.Errorf("%w: it did not answer the request to open within %v", ErrPluginDied, r.openPatience())
			r.report(err)
		}
		return nil, err
	}
	s.cancel = cancel
	if c, ok := s.conn.(*streamConn); ok {
		c.cancel = cancel
	}
	return s, nil
}

func (r *Remote) handshake(ctx, streamCtx context.Context, o opening) (*session, error) {
	stream, err := o.call(streamCtx)
	if err != nil {
		return nil, r.broken(err)
	}
	var offered *pb.DataChannel
	var offer *pipe.Offer
	if r.Channels != nil {
		offer = r.Channels.Offer()
		defer offer.Withdraw()
		offered = &pb.DataChannel{Path: offer.Path, Token: offer.Token}
	}
	first := encode(o.request(offered))
	if err := stream.SendMsg(&first); err != nil {
		return nil, r.broken(lastError(stream, err))
	}
	var answer received
	if err := stream.RecvMsg(&answer); err != nil {
		return nil, r.broken(err)
	}
	dataChannel, failure, err := o.opened(answer.data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: its first message: %w", ErrProtocol, err)
	case failure != nil:
		return nil, errorOf(failure)
	case dataChannel && offer == nil:
		return nil, fmt.Errorf("%w: it uses a data channel that was not offered", ErrProtocol)
	}
	s := &session{remote: r, stream: stream, conn: &streamConn{stream: stream}, called: make(chan error, 1)}
	if dataChannel {
		c, err := offer.Wait(ctx)
		if err != nil {
			return nil, err
		}
		s.conn = pipe.NewSocket(c, MaxMessage)
	}
	return s, nil
}

// lastError is why a stream has ended, when Send only says that it has.
func lastError(stream grpc.ClientStream, err error) error {
	if errors.Is(err, io.EOF) {
		var r received
		return stream.RecvMsg(&r)
	}
	return err
}

// abandon ends an instance that run is not called for.
func (s *session) abandon() {
	s.cancel()
	s.conn.Close()
}

// course says what run does with an instance.
type course struct {
	out    *pipe.Outbox
	stop   proto.Message                         // asks the plugin to end
	handle func(batch [][]byte) (*ending, error) // an ending when Ended is among them
}

// ending is an Ended that came.
type ending struct{ failure *pb.Failure }

// run carries messages until the plugin says Ended, is gone, breaks the protocol, or ctx ends and it does not end
// within stopPatience. It returns when all that it started has ended. Errors: what the implementation answered; ErrPluginDied;
// ErrProtocol; after the end of ctx nil.
func (s *session) run(ctx context.Context, c course) error {
	defer s.wg.Wait()
	defer s.abandon()
	s.wg.Go(func() { _ = c.out.Run() }) // what stops it stops Receive below too
	defer c.out.Fail(pipe.ErrClosed)
	if _, ok := s.conn.(*streamConn); !ok {
		s.wg.Go(s.watchCall)
	}
	over := make(chan struct{})
	defer close(over)
	s.wg.Go(func() { s.stopAfter(ctx, c, over) })

	var batch [][]byte
	for {
		var err error
		batch, err = s.conn.Receive(batch[:0])
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return s.judge(s.remote.broken(s.why(err)))
		}
		end, err := c.handle(batch)
		switch {
		case err != nil:
			return s.judge(err)
		case end != nil && ctx.Err() != nil && end.failure == nil:
			return nil
		case end != nil:
			return errorOf(end.failure)
		}
		clear(batch)
	}
}

// errEnded is why an instance is over that ended without a reason, and without being asked to.
var errEnded = errors.New("it has ended by itself")

// judge reports err when it shows that the plugin is broken, and returns it.
func (s *session) judge(err error) error {
	if errors.Is(err, ErrProtocol) {
		s.remote.report(err)
	}
	return err
}

// stopAfter asks the plugin to end when ctx does.
func (s *session) stopAfter(ctx context.Context, c course, over <-chan struct{}) {
	select {
	case <-over:
		return
	case <-ctx.Done():
	}
	if err := c.out.Post(encode(c.stop)); err != nil {
		s.abandon()
		return
	}
	t := time.NewTimer(stopPatience)
	defer t.Stop()
	select {
	case <-over:
	case <-t.C:
		s.remote.report(ErrStuck)
		s.abandon()
	}
}

// watchCall ends the data channel when the call has ended without it.
func (s *session) watchCall() {
	var r received
	s.called <- s.stream.RecvMsg(&r) // nothing comes here any more but its end
	t := time.NewTimer(lastPatience)
	defer t.Stop()
	select {
	case <-s.stream.Context().Done(): // cancelled by this end, which closes the data channel itself
	case <-t.C:
	}
	s.conn.Close()
}

// why is how the call ended, where that tells more than err, the end of the data channel beside it.
func (s *session) why(err error) error {
	if _, ok := s.conn.(*streamConn); ok || errors.Is(err, pipe.ErrLength) {
		return err
	}
	t := time.NewTimer(lastPatience)
	defer t.Stop()
	select {
	case called := <-s.called:
		return called
	case <-t.C:
		return err
	}
}

// broken is the error of a connection that ended too early.
func (r *Remote) broken(err error) error {
	switch status.Code(err) {
	case codes.Unimplemented:
		return fmt.Errorf("%w: it has no such service: %s", ErrNotOffered, status.Convert(err).Message())
	case codes.ResourceExhausted:
		return fmt.Errorf("%w: %s", ErrProtocol, status.Convert(err).Message())
	}
	if errors.Is(err, pipe.ErrLength) {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if s, ok := status.FromError(err); errors.Is(err, io.EOF) || ok && s.Code() == codes.Unknown {
		return fmt.Errorf("%w: it ended the call: %s", ErrPluginDied, describe(err)) // its process lives
	}
	if r.Cause != nil {
		if cause := r.Cause(); cause != nil {
			return fmt.Errorf("%w: %w", ErrPluginDied, cause)
		}
	}
	return fmt.Errorf("%w: its connection ended: %s", ErrPluginDied, describe(err))
}

func describe(err error) string {
	text := err.Error()
	if s, ok := status.FromError(err); ok {
		text = s.Message()
	}
	if _, dialing, ok := strings.Cut(text, "error while dialing: "); ok { // the rest is gRPC's own wrapping
		return strings.TrimSuffix(dialing, `"`)
	}
	return text
}
