package swarm

import (
	"fmt"

	"github.com/shoal-live/shoal/core/chunk"
)

// Limits of the wire form, beside those of package chunk and of messages.
const (
	MaxNumber  = 1 << 62 // greatest chunk or group number
	MaxProof   = 512     // bytes of one chunk's proof
	maxEpoch   = 1<<32 - 1
	maxU32     = 1<<32 - 1
	maxU64     = 1<<64 - 1
	maxReceipt = 60 * 60 * 1000 * 1000 // microseconds of delay variation: an hour
)

// Append writes the frame of m to dst: the stream's index, the type byte and the body. m must keep the limits
// of the layout; Append does not check them, and a receiver refuses a frame that breaks them.
//
// # Layout of the bodies
//
// "v" is a minimal unsigned varint (a longer coding of the same number is refused), "z" a zigzag varint,
// a figure that many bytes, "bytes" a varint length and that many bytes. "<=" gives the limit.
//
//	hello        version v | stream 16 | role 1 | epoch v | max links v | status
//	status       uplink v | spare v | relays v | open v | delay v (ms) | links v | playing v | hops
//	have         epoch v | rendition v | window, see below | anchor v (<= MaxNumber+1)
//	want         epoch v | rendition v | numbers
//	cancel       epoch v | rendition v | numbers
//	deny         epoch v | rendition v | substream v (<= 63) | reason 1 | numbers
//	chunk        flags 1 | epoch v | [rendition v] | group v | first v | data v | [parity v] | size v |
//	             time v (us) | span v (us) | born z (us) | chunk index v |
//	             proof bytes (<= MaxProof) | [payload length v] | payload | [stamp 2, little endian]
//	subscribe    substreams v | mode 1 | from v
//	unsubscribe  substreams v | reason 1
//	peers        count v (<= MaxCandidates) | count x (peer 32 | role 1 | count v (<= MaxAddresses) |
//	             count x address bytes (<= MaxAddress))
//	ping         sent v
//	pong         sent v | received z | replied - received z | error v (us)
//	receipt      chunks v | bytes v | duplicate v | delay v (us, <= 1 h) | newest v (<= 65535)
//	descriptor   bytes (<= chunk.MaxDescriptor)
//	bye          cause 1
//	padding      zeros | stamp 2, little endian; no Message: a frame of the chunk channel that holds nothing, see AppendPadding
//
//	hops         count v (<= 4) | count x word v: substream k has four bits of word k/16, the lowest first. The last word
//	             is not 0
//	numbers      count v (<= MaxWant) | first v | count-1 x (difference to the one before, z); in the order of
//	             the message; each <= MaxNumber
//	window       position v | length v | tokens. The bitmap from Base up, as bytes, lowest bit first, without the
//	             empty bytes at either end: position is the first byte's number over 8, length how many there are.
//	             A token is v = n*4 + kind: 0, n bytes follow as they are; 1, n bytes 0xff; 2, n bytes 0x00.
//	             Two or more equal bytes of 0xff or 0x00 are always one token of kind 1 or 2, all between is one
//	             token of kind 0. An empty window is position v | 0.
//
// Roles, modes, reasons and causes that this version does not know are passed on as they are. Hello's
// version and stream stand where they are in every version; of another version nothing else is read or written.
//
// Flags of a chunk: bit 0 random access; bit 1 the group has parity and the field is there; bit 2 rendition is
// not 0 and the field is there; bit 3 the payload is not as long as the header says that the chunk's slice is, and its
// length is there. The other bits are 0.
func Append(dst []byte, index uint64, m Message) []byte {
	if c, ok := m.(*ChunkFrame); ok {
		dst = AppendChunk(dst, index, &c.Chunk, c.Chunk.Proof)
		if c.Stamped {
			dst = AppendStamp(dst, c.Stamp)
		}
		return dst
	}
	dst = appendUvarint(dst, index)
	dst = append(dst, byte(m.Type()))
	return appendBody(dst, m)
}

// SplitIndex takes the stream's index off a frame; rest begins at the type byte and aliases frame. Errors:
// chunk.ErrFormat.
func SplitIndex(frame []byte) (index uint64, rest []byte, err error) {
	c := cursor{b: frame}
	index = c.uvarint(maxU64, "index")
	if c.err == nil && len(c.b) == 0 {
		c.fail(chunk.ErrFormat, "type")
	}
	if c.err != nil {
		return 0, nil, c.wrap("frame")
	}
	return index, c.b, nil
}

// PeekHello tells which stream a Hello binds the index to, of whatever version; false when rest is no Hello.
// rest is as SplitIndex leaves it.
func PeekHello(rest []byte) (chunk.StreamID, bool) {
	var id chunk.StreamID
	if len(rest) == 0 || Type(rest[0]) != TypeHello {
		return id, false
	}
	c := cursor{b: rest[1:]}
	c.uvarint(maxU32, "version")
	copy(id[:], c.fixed(len(id), "stream"))
	return id, c.err == nil
}

// Parse reads the message that SplitIndex left. Byte fields of the message alias rest; addresses, numbers and
// windows are copied. Bytes after the body are ignored. Errors: ErrUnknownType; chunk.ErrFormat,
// chunk.ErrLimit, with the message and the field named.
func Parse(rest []byte) (Message, error) {
	if len(rest) == 0 {
		return nil, fmt.Errorf("frame: type: %w", chunk.ErrFormat)
	}
	t := Type(rest[0])
	if t == TypeChunk {
		m := new(ChunkFrame)
		if err := ParseChunk(rest, m); err != nil {
			return nil, err
		}
		return m, nil
	}
	if t == TypeHave {
		m := new(Have)
		if err := ParseHave(rest, m); err != nil {
			return nil, err
		}
		return m, nil
	}
	c := cursor{b: rest[1:]}
	m := c.body(t)
	switch {
	case m == nil:
		return nil, fmt.Errorf("frame: %w %d", ErrUnknownType, uint8(t))
	case c.err != nil:
		return nil, c.wrap(t.String())
	}
	return m, nil
}

// String is the message's name in lower case.
func (t Type) String() string {
	switch t {
	case TypeHello:
		return "hello"
	case TypeStatus:
		return "status"
	case TypeHave:
		return "have"
	case TypeWant:
		return "want"
	case TypeCancel:
		return "cancel"
	case TypeDeny:
		return "deny"
	case TypeChunk:
		return "chunk"
	case TypeSubscribe:
		return "subscribe"
	case TypeUnsubscribe:
		return "unsubscribe"
	case TypePeers:
		return "peers"
	case TypePing:
		return "ping"
	case TypePong:
		return "pong"
	case TypeReceipt:
		return "receipt"
	case TypeDescriptor:
		return "descriptor"
	case TypeBye:
		return "bye"
	case TypePadding:
		return "padding"
	case TypeBundle:
		return "bundle"
	}
	return fmt.Sprintf("type %d", uint8(t))
}
