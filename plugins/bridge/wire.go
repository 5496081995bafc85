package bridge

import (
	"errors"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// What is large is marshalled by hand, so that its payload is neither copied when it is sent nor when it is parsed. The bytes are
// those of the protobuf message of the same name; its payload is the last field.
//
//	CarryRequest.chunk       6: {1: token, 2: expires, 3: to, 4: data}
//	CarryResponse.received   4: {1: link, 2: channel, 3: data}
//	ReadResponse.group       4: MediaGroup
//	PlayRequest.media        5: MediaGroup, see its fields in media.proto
const (
	fieldChunk    protowire.Number = 6
	fieldReceived protowire.Number = 4
	fieldGroup    protowire.Number = 4
	fieldMedia    protowire.Number = 5
)

// maxTargets is the most links of one chunk frame.
const maxTargets = 4096

var errWire = errors.New("malformed message")

// wrap puts head and body, the fields of a message, into field of the message around it.
func wrap(field protowire.Number, inner, body []byte) pipe.Message {
	size := len(inner) + len(body)
	head := make([]byte, 0, 2+protowire.SizeBytes(0)+protowire.SizeVarint(uint64(size))+len(inner))
	head = protowire.AppendTag(head, field, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(size))
	return pipe.Message{Head: append(head, inner...), Body: body}
}

// unwrap gives the fields of the message that is the only field of msg, when it is field.
func unwrap(msg []byte, field protowire.Number) (inner []byte, ok bool) {
	num, typ, n := protowire.ConsumeTag(msg)
	if n < 0 || num != field || typ != protowire.BytesType {
		return nil, false
	}
	inner, m := protowire.ConsumeBytes(msg[n:])
	if m < 0 || n+m != len(msg) {
		return nil, false
	}
	return inner, true
}

func appendUint(b []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func appendFixed(b []byte, field protowire.Number, v int64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), uint64(v))
}

// encodeChunk is a ChunkCall within a CarryRequest.
func encodeChunk(f *transport.Frame) pipe.Message {
	var fixed [96]byte
	b := appendUint(fixed[:0], 1, f.Token)
	b = appendFixed(b, 2, unixNano(f.Expires))
	packed := 0
	for _, l := range f.To {
		packed += protowire.SizeVarint(uint64(l))
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, 3, protowire.BytesType), uint64(packed))
	for _, l := range f.To {
		b = protowire.AppendVarint(b, uint64(l))
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, 4, protowire.BytesType), uint64(len(f.Data)))
	return wrap(fieldChunk, b, f.Data)
}

// decodeChunk parses what encodeChunk gives; Data aliases inner.
func decodeChunk(inner []byte) (f transport.Frame, err error) {
	err = fields(inner, func(tag uint64, v value) error {
		switch tag {
		case 1<<3 | asVarint:
			f.Token = v.number
		case 2<<3 | asFixed64:
			f.Expires = fromUnixNano(int64(v.number))
		case 3<<3 | asVarint:
			f.To = append(f.To, transport.LinkID(v.number))
		case 3<<3 | asBytes:
			for rest := v.bytes; len(rest) > 0; {
				l, n := protowire.ConsumeVarint(rest)
				if n < 0 || len(f.To) >= maxTargets {
					return errWire
				}
				f.To = append(f.To, transport.LinkID(l))
				rest = rest[n:]
			}
		case 4<<3 | asBytes:
			f.Data = v.bytes
		}
		return nil
	})
	return f, err
}

// encodeReceived is a ReceivedEvent within a CarryResponse.
func encodeReceived(r *transport.Received) pipe.Message {
	var fixed [32]byte
	b := appendUint(fixed[:0], 1, uint64(r.Link))
	b = appendUint(b, 2, uint64(r.Channel))
	b = protowire.AppendVarint(protowire.AppendTag(b, 3, protowire.BytesType), uint64(len(r.Data)))
	return wrap(fieldReceived, b, r.Data)
}

// decodeReceived parses what encodeReceived gives; Data aliases inner.
func decodeReceived(inner []byte) (r transport.Received, err error) {
	err = fields(inner, func(tag uint64, v value) error {
		switch tag {
		case 1<<3 | asVarint:
			r.Link = transport.LinkID(v.number)
		case 2<<3 | asVarint:
			if v.number > uint64(transport.Chunk) {
				return errWire
			}
			r.Channel = transport.Channel(v.number)
		case 3<<3 | asBytes:
			r.Data = v.bytes
		}
		return nil
	})
	if err == nil && (r.Channel != transport.Control && r.Channel != transport.Chunk || len(r.Data) > swarm.MaxControlFrame) {
		err = errWire
	}
	return r, err
}

// timedGroup is a group and when it is due.
type timedGroup struct {
	chunk.Group
	due time.Time // zero when not known
}

// encodeGroup is a MediaGroup in field of the message around it.
func encodeGroup(field protowire.Number, g *timedGroup) pipe.Message {
	var fixed [128]byte
	b := appendUint(fixed[:0], 1, uint64(g.Epoch))
	b = appendUint(b, 2, uint64(g.Rendition))
	b = appendUint(b, 3, g.GroupHeader.Group)
	b = appendUint(b, 4, g.First)
	b = appendUint(b, 5, uint64(g.Data))
	b = appendUint(b, 6, uint64(g.Parity))
	b = appendUint(b, 7, uint64(g.Time))
	b = appendUint(b, 8, uint64(g.Span))
	b = appendUint(b, 9, uint64(g.Born))
	if g.RandomAccess {
		b = appendUint(b, 10, 1)
	}
	b = appendFixed(b, 11, unixNano(g.due))
	b = protowire.AppendVarint(protowire.AppendTag(b, 12, protowire.BytesType), uint64(len(g.Payload)))
	return wrap(field, b, g.Payload)
}

// decodeGroup parses what encodeGroup gives; Payload aliases inner.
func decodeGroup(inner []byte) (g timedGroup, err error) {
	err = fields(inner, func(tag uint64, v value) error {
		switch tag {
		case 1<<3 | asVarint:
			g.Epoch = uint32(v.number)
		case 2<<3 | asVarint:
			g.Rendition = uint8(v.number)
		case 3<<3 | asVarint:
			g.GroupHeader.Group = v.number
		case 4<<3 | asVarint:
			g.First = v.number
		case 5<<3 | asVarint:
			g.Data = uint16(v.number)
		case 6<<3 | asVarint:
			g.Parity = uint16(v.number)
		case 7<<3 | asVarint:
			g.Time = time.Duration(v.number)
		case 8<<3 | asVarint:
			g.Span = time.Duration(v.number)
		case 9<<3 | asVarint:
			g.Born = int64(v.number)
		case 10<<3 | asVarint:
			g.RandomAccess = v.number != 0
		case 11<<3 | asFixed64:
			g.due = fromUnixNano(int64(v.number))
		case 12<<3 | asBytes:
			g.Payload = v.bytes
		}
		return nil
	})
	if err == nil && (len(g.Payload) > chunk.MaxGroupSize || g.Time < 0 || g.Span < 0) {
		err = errWire
	}
	g.Size = uint32(len(g.Payload))
	return g, err
}

// The wire types, as the low bits of a tag. A field of another type than its own is passed over, as protobuf has it.
const (
	asVarint  = uint64(protowire.VarintType)
	asFixed64 = uint64(protowire.Fixed64Type)
	asBytes   = uint64(protowire.BytesType)
)

// value is one field: number for varints and fixed64, bytes for what has a length.
type value struct {
	number uint64
	bytes  []byte
}

// fields calls f for each field of msg, with its number and wire type.
func fields(msg []byte, f func(tag uint64, v value) error) error {
	for len(msg) > 0 {
		num, typ, n := protowire.ConsumeTag(msg)
		if n < 0 {
			return errWire
		}
		msg = msg[n:]
		var v value
		switch typ {
		case protowire.VarintType:
			v.number, n = protowire.ConsumeVarint(msg)
		case protowire.Fixed64Type:
			v.number, n = protowire.ConsumeFixed64(msg)
		case protowire.BytesType:
			v.bytes, n = protowire.ConsumeBytes(msg)
			v.bytes = v.bytes[:len(v.bytes):len(v.bytes)] // what is appended to it must not reach what follows
		default:
			n = protowire.ConsumeFieldValue(num, typ, msg)
		}
		if n < 0 {
			return errWire
		}
		msg = msg[n:]
		if err := f(protowire.EncodeTag(num, typ), v); err != nil {
			return err
		}
	}
	return nil
}

// decode unmarshals a message that is not large.
func decode[M proto.Message](b []byte, m M) (M, error) {
	if err := proto.Unmarshal(b, m); err != nil {
		return m, errWire
	}
	return m, nil
}

// unixNano is t as it travels: 0 for no time.
func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromUnixNano(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}
