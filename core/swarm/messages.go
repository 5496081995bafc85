package swarm

import "time"

// Messages is memory for one message of each kind that comes often: Parse reads into it what it would allocate. Its zero value is
// ready. Not safe for concurrent use.
type Messages struct {
	status  Status
	want    Want
	cancel  Cancel
	receipt Receipt
	ping    Ping
	pong    Pong
	numbers []uint64
}

// mostNumbers is how many numbers memory is kept for.
const mostNumbers = 64

// Parse is as the function Parse; the message is valid until the next call.
func (m *Messages) Parse(rest []byte) (Message, error) {
	if len(rest) == 0 {
		return Parse(rest)
	}
	c := cursor{b: rest[1:]}
	var read Message
	switch t := Type(rest[0]); t {
	case TypeStatus:
		m.status = c.status()
		read = &m.status
	case TypeWant:
		m.want = Want{Epoch: c.u32("epoch"), Rendition: c.rendition(), Numbers: m.list(&c)}
		read = &m.want
	case TypeCancel:
		m.cancel = Cancel{Epoch: c.u32("epoch"), Rendition: c.rendition(), Numbers: m.list(&c)}
		read = &m.cancel
	case TypeReceipt:
		m.receipt = c.receipt()
		read = &m.receipt
	case TypePing:
		m.ping = Ping{Sent: c.uvarint(maxU64, "sent")}
		read = &m.ping
	case TypePong:
		m.pong = c.pong()
		read = &m.pong
	case TypeHello, TypeHave, TypeDeny, TypeChunk, TypeSubscribe, TypeUnsubscribe, TypePeers, TypeDescriptor, TypeBye:
		return Parse(rest)
	default:
		return Parse(rest)
	}
	if c.err != nil {
		return nil, c.wrap(Type(rest[0]).String())
	}
	return read, nil
}

// list reads numbers into m's memory.
func (m *Messages) list(c *cursor) []uint64 {
	numbers := c.numbers(m.numbers[:0])
	if numbers != nil && cap(numbers) <= mostNumbers {
		m.numbers = numbers
	}
	return numbers
}

func (c *cursor) receipt() Receipt {
	return Receipt{
		Chunks:    c.uvarint(maxU64, "chunks"),
		Bytes:     c.uvarint(maxU64, "bytes"),
		Duplicate: c.uvarint(maxU64, "duplicate"),
		Delay:     time.Duration(c.uvarint(maxReceipt, "delay")) * time.Microsecond,
		Newest:    uint16(c.uvarint(1<<16-1, "newest")),
	}
}

func (c *cursor) pong() Pong {
	m := Pong{Sent: c.uvarint(maxU64, "sent"), Received: c.varint("received")}
	m.Replied = m.Received + c.varint("replied")
	m.Error = c.u32("error")
	return m
}
