package bridge

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// whole is a message as it arrives.
func whole(m pipe.Message) []byte { return append(slices.Clone(m.Head), m.Body...) }

func TestHandmadeMessagesAreThoseOfTheProtobuf(t *testing.T) {
	frame := transport.Frame{Data: []byte("payload"), To: []transport.LinkID{1, 300, 1 << 40}, Expires: time.Unix(3, 5), Token: 77}
	t.Run("chunk", func(t *testing.T) {
		var m pb.CarryRequest
		if err := proto.Unmarshal(whole(encodeChunk(&frame)), &m); err != nil {
			t.Fatal(err)
		}
		want := &pb.CarryRequest{Request: &pb.CarryRequest_Chunk{Chunk: &pb.ChunkCall{
			Token: 77, Expires: 3e9 + 5, To: []uint64{1, 300, 1 << 40}, Data: []byte("payload"),
		}}}
		if !proto.Equal(&m, want) {
			t.Errorf("got %v", &m)
		}
	})
	t.Run("received", func(t *testing.T) {
		var m pb.CarryResponse
		if err := proto.Unmarshal(whole(encodeReceived(&transport.Received{Link: 9, Channel: transport.Chunk, Data: []byte("x")})), &m); err != nil {
			t.Fatal(err)
		}
		if r := m.GetReceived(); r.GetLink() != 9 || r.GetChannel() != 2 || string(r.GetData()) != "x" {
			t.Errorf("got %v", &m)
		}
	})
	g := timedGroup{due: time.Unix(9, 0)}
	g.GroupHeader = chunk.GroupHeader{
		Epoch: 3, Rendition: 1, Group: 4, First: 50, Data: 6, Parity: 2, Time: time.Second, Span: time.Millisecond, Born: 123, RandomAccess: true,
	}
	g.Payload = []byte("moof")
	t.Run("group", func(t *testing.T) {
		var m pb.ReadResponse
		if err := proto.Unmarshal(whole(encodeGroup(fieldGroup, &g)), &m); err != nil {
			t.Fatal(err)
		}
		want := &pb.MediaGroup{
			Epoch: 3, Rendition: 1, Group: 4, First: 50, Data: 6, Parity: 2, Time: 1e9, Span: 1e6, Born: 123, RandomAccess: true, Due: 9e9, Payload: []byte("moof"),
		}
		if !proto.Equal(m.GetGroup(), want) {
			t.Errorf("got %v", &m)
		}
	})
	t.Run("media", func(t *testing.T) {
		var m pb.PlayRequest
		if err := proto.Unmarshal(whole(encodeGroup(fieldMedia, &g)), &m); err != nil || m.GetMedia().GetFirst() != 50 {
			t.Errorf("got %v, %v", &m, err)
		}
	})
}

func TestWhatTheProtobufWritesIsRead(t *testing.T) {
	b, err := proto.Marshal(&pb.CarryRequest{Request: &pb.CarryRequest_Chunk{Chunk: &pb.ChunkCall{Token: 5, Expires: 9, To: []uint64{4, 5}, Data: []byte("abc")}}})
	if err != nil {
		t.Fatal(err)
	}
	inner, ok := unwrap(b, fieldChunk)
	if !ok {
		t.Fatal("it is not seen to be a chunk")
	}
	f, err := decodeChunk(inner)
	if err != nil || f.Token != 5 || !f.Expires.Equal(time.Unix(0, 9)) || !slices.Equal(f.To, []transport.LinkID{4, 5}) || string(f.Data) != "abc" {
		t.Errorf("got %+v, %v", f, err)
	}
	if cap(f.Data) != len(f.Data) {
		t.Error("appending to the frame would reach what follows it")
	}
}

func TestTheHotPathAllocatesLittle(t *testing.T) {
	frame := transport.Frame{Data: make([]byte, 1100), To: []transport.LinkID{1, 2, 3}, Token: 1 << 40, Expires: time.Now()}
	msg := whole(encodeReceived(&transport.Received{Link: 7, Channel: transport.Chunk, Data: frame.Data}))
	if n := testing.AllocsPerRun(100, func() { encodeChunk(&frame) }); n > 1 {
		t.Errorf("encoding a chunk frame allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		inner, _ := unwrap(msg, fieldReceived)
		if _, err := decodeReceived(inner); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("decoding a received frame allocates %v times", n)
	}
}

// FuzzWire has two laws: what the handmade decoder takes is what the protobuf library reads, and encoding it again
// gives a message that decodes to the same.
func FuzzWire(f *testing.F) {
	f.Add(whole(encodeChunk(&transport.Frame{Data: []byte("payload"), To: []transport.LinkID{1, 300}, Token: 7})))
	f.Add(whole(encodeReceived(&transport.Received{Link: 9, Channel: transport.Chunk, Data: []byte("x")})))
	f.Add(whole(encodeGroup(fieldGroup, &timedGroup{Group: chunk.Group{Payload: []byte("moof")}})))
	f.Add(whole(encodeGroup(fieldMedia, &timedGroup{Group: chunk.Group{Payload: []byte("moof")}, due: time.Unix(1, 1)})))
	f.Fuzz(func(t *testing.T, msg []byte) {
		if inner, ok := unwrap(msg, fieldChunk); ok {
			fuzzChunk(t, msg, inner)
		}
		if inner, ok := unwrap(msg, fieldReceived); ok {
			fuzzReceived(t, msg, inner)
			fuzzGroup(t, msg, inner)
		}
	})
}

func fuzzChunk(t *testing.T, msg, inner []byte) {
	got, err := decodeChunk(inner)
	if err != nil {
		return
	}
	var m pb.CarryRequest
	if proto.Unmarshal(msg, &m) != nil {
		return // the library minds what the decoder passes over
	}
	c := m.GetChunk()
	if got.Token != c.GetToken() || !bytes.Equal(got.Data, c.GetData()) || len(got.To) != len(c.GetTo()) {
		t.Fatalf("got %+v, the library %v", got, c)
	}
	again, ok := unwrap(whole(encodeChunk(&got)), fieldChunk)
	if !ok {
		t.Fatal("what was encoded is no chunk")
	}
	twice, err := decodeChunk(again)
	if err != nil || twice.Token != got.Token || !slices.Equal(twice.To, got.To) || !bytes.Equal(twice.Data, got.Data) || !twice.Expires.Equal(got.Expires) {
		t.Fatalf("got %+v, then %+v, %v", got, twice, err)
	}
}

func fuzzReceived(t *testing.T, msg, inner []byte) {
	got, err := decodeReceived(inner)
	if err != nil {
		return
	}
	var m pb.CarryResponse
	if proto.Unmarshal(msg, &m) == nil {
		if r := m.GetReceived(); uint64(got.Link) != r.GetLink() || !bytes.Equal(got.Data, r.GetData()) {
			t.Fatalf("got %+v, the library %v", got, r)
		}
	}
}

func fuzzGroup(t *testing.T, msg, inner []byte) {
	got, err := decodeGroup(inner)
	if err != nil {
		return
	}
	var m pb.ReadResponse
	if proto.Unmarshal(msg, &m) == nil {
		if g := m.GetGroup(); int64(got.Time) != g.GetTime() || got.GroupHeader.Group != g.GetGroup() || !bytes.Equal(got.Payload, g.GetPayload()) {
			t.Fatalf("got %+v, the library %v", got, g)
		}
	}
}
