package bridge

import (
	"context"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// codec is gRPC's protobuf codec, which lets messages pass that are marshalled already.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(grpcproto.Name)} }

// received is a message that is not unmarshalled yet.
type received struct{ data []byte }

// Marshal leaves a pipe.Message as it is.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if m, ok := v.(*pipe.Message); ok {
		if len(m.Body) == 0 {
			return mem.BufferSlice{mem.SliceBuffer(m.Head)}, nil
		}
		return mem.BufferSlice{mem.SliceBuffer(m.Head), mem.SliceBuffer(m.Body)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// Unmarshal copies the message out of gRPC's buffers.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	if r, ok := v.(*received); ok {
		r.data = data.Materialize()
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}

// ServerOptions are what a gRPC server needs in order to serve Register's services.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(MaxMessage),
		grpc.MaxSendMsgSize(MaxMessage),
	}
}

// callOptions are those of every call to a plugin.
func callOptions() []grpc.CallOption {
	return []grpc.CallOption{
		grpc.ForceCodecV2(newCodec()),
		grpc.MaxCallRecvMsgSize(MaxMessage),
		grpc.MaxCallSendMsgSize(MaxMessage),
	}
}

// messageStream is what both ends of a gRPC stream have.
type messageStream interface {
	Context() context.Context
	SendMsg(m any) error
	RecvMsg(m any) error
}

// streamConn is the pipe.Conn of an instance without a data channel.
type streamConn struct {
	stream messageStream
	cancel func() // nil at the server's end, whose handler returns instead
	once   sync.Once
}

// Send writes all messages, one by one.
func (c *streamConn) Send(batch []pipe.Message) error {
	for i := range batch {
		if err := c.stream.SendMsg(&batch[i]); err != nil {
			return err
		}
	}
	return nil
}

// Receive hands over one message.
func (c *streamConn) Receive(dst [][]byte) ([][]byte, error) {
	var r received
	if err := c.stream.RecvMsg(&r); err != nil {
		return dst, err
	}
	if len(r.data) == 0 {
		return dst, pipe.ErrLength
	}
	return append(dst, r.data), nil
}

// Close ends the call.
func (c *streamConn) Close() {
	c.once.Do(func() {
		if c.cancel != nil {
			c.cancel()
		}
	})
}

// encode marshals m, whose fields the bridge has made valid.
func encode(m proto.Message) pipe.Message {
	b, err := proto.Marshal(m)
	if err != nil {
		panic("bridge: marshal: " + err.Error()) // only invalid UTF-8 fails, and toValid sees to that
	}
	return pipe.Message{Head: b}
}

// toValid replaces what is not UTF-8, which protobuf strings must be.
func toValid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
