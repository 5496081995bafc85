package swarm

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// appendBody writes the body of any message but a chunk.
func appendBody(dst []byte, m Message) []byte {
	switch m := m.(type) {
	case *Hello:
		return appendHello(dst, m)
	case *Status:
		return appendStatus(dst, m)
	case *Have:
		return appendHave(dst, m)
	case *Want:
		return appendNumbers(appendUvarint(appendUvarint(dst, uint64(m.Epoch)), uint64(m.Rendition)), m.Numbers)
	case *Cancel:
		return appendNumbers(appendUvarint(appendUvarint(dst, uint64(m.Epoch)), uint64(m.Rendition)), m.Numbers)
	case *Deny:
		dst = appendUvarint(appendUvarint(dst, uint64(m.Epoch)), uint64(m.Rendition))
		dst = append(appendUvarint(dst, uint64(m.Substream)), byte(m.Reason))
		return appendNumbers(dst, m.Numbers)
	case *Subscribe:
		dst = append(appendUvarint(dst, m.Substreams), byte(m.Mode))
		return appendUvarint(dst, m.From)
	case *Unsubscribe:
		return append(appendUvarint(dst, m.Substreams), byte(m.Reason))
	case *Peers:
		return appendPeers(dst, m)
	case *Ping:
		return appendUvarint(dst, m.Sent)
	case *Pong:
		dst = appendVarint(appendUvarint(dst, m.Sent), m.Received)
		return appendUvarint(appendVarint(dst, m.Replied-m.Received), uint64(m.Error))
	case *Receipt:
		dst = appendUvarint(appendUvarint(dst, m.Chunks), m.Bytes)
		dst = appendUvarint(appendUvarint(dst, m.Duplicate), microseconds(m.Delay, maxReceipt))
		return appendUvarint(dst, uint64(m.Newest))
	case *DescriptorMessage:
		return appendBytes(dst, m.Signed)
	case *Bye:
		return append(dst, byte(m.Cause))
	}
	return dst
}

// body reads the body of any message but a chunk and a have; nil for a type that is not known.
func (c *cursor) body(t Type) Message {
	switch t {
	case TypeHello:
		return c.hello()
	case TypeStatus:
		return new(c.status())
	case TypeWant:
		return &Want{Epoch: c.u32("epoch"), Rendition: c.rendition(), Numbers: c.numbers(nil)}
	case TypeCancel:
		return &Cancel{Epoch: c.u32("epoch"), Rendition: c.rendition(), Numbers: c.numbers(nil)}
	case TypeDeny:
		return &Deny{
			Epoch:     c.u32("epoch"),
			Rendition: c.rendition(),
			Substream: uint32(c.uvarint(chunk.MaxSubstreams-1, "substream")),
			Reason:    Reason(c.u8("reason")),
			Numbers:   c.numbers(nil),
		}
	case TypeSubscribe:
		return &Subscribe{
			Substreams: c.uvarint(maxU64, "substreams"),
			Mode:       Mode(c.u8("mode")),
			From:       c.uvarint(MaxNumber, "from"),
		}
	case TypeUnsubscribe:
		return &Unsubscribe{Substreams: c.uvarint(maxU64, "substreams"), Reason: Reason(c.u8("reason"))}
	case TypePeers:
		return c.peers()
	case TypePing:
		return &Ping{Sent: c.uvarint(maxU64, "sent")}
	case TypePong:
		return new(c.pong())
	case TypeReceipt:
		return new(c.receipt())
	case TypeDescriptor:
		return &DescriptorMessage{Signed: c.bytes(chunk.MaxDescriptor, "descriptor")}
	case TypeBye:
		return &Bye{Cause: ByeCause(c.u8("cause"))}
	case TypeHave, TypeChunk, TypePadding, TypeBundle:
	}
	return nil
}

func (c *cursor) rendition() uint8 { return uint8(c.uvarint(1<<8-1, "rendition")) }

func appendHello(dst []byte, m *Hello) []byte {
	dst = appendUvarint(dst, uint64(m.Version))
	dst = append(dst, m.Stream[:]...)
	if m.Version != Version {
		return dst
	}
	dst = append(dst, byte(m.Role))
	dst = appendUvarint(appendUvarint(dst, uint64(m.Epoch)), uint64(m.MaxLinks))
	return appendStatus(dst, &m.Status)
}

func (c *cursor) hello() *Hello {
	m := &Hello{Version: c.u32("version")}
	copy(m.Stream[:], c.fixed(len(m.Stream), "stream"))
	if m.Version != Version {
		return m
	}
	m.Role = Role(c.u8("role"))
	m.Epoch = c.u32("epoch")
	m.MaxLinks = c.u32("max links")
	m.Status = c.status()
	return m
}

func appendStatus(dst []byte, m *Status) []byte {
	dst = appendUvarint(appendUvarint(dst, m.Uplink), m.Spare)
	dst = appendUvarint(appendUvarint(dst, m.Relays), m.Open)
	dst = appendUvarint(appendUvarint(dst, uint64(m.Delay)), uint64(m.Links))
	dst = appendUvarint(dst, uint64(m.Playing))
	return appendHops(dst, &m.Hops)
}

func (c *cursor) status() Status {
	return Status{
		Uplink:  c.uvarint(maxU64, "uplink"),
		Spare:   c.uvarint(maxU64, "spare"),
		Relays:  c.uvarint(maxU64, "relays"),
		Open:    c.uvarint(maxU64, "open"),
		Delay:   c.u32("delay"),
		Links:   c.u32("links"),
		Playing: c.u32("playing"),
		Hops:    c.hops(),
	}
}

func appendHops(dst []byte, h *Hops) []byte {
	words := h.Words()
	dst = appendUvarint(dst, uint64(len(words)))
	for _, w := range words {
		dst = appendUvarint(dst, w)
	}
	return dst
}

func (c *cursor) hops() (h Hops) {
	n := c.uvarint(uint64(len(h)), "hops")
	for i := range n {
		h[i] = c.uvarint(maxU64, "hops")
	}
	if n > 0 && h[n-1] == 0 {
		c.fail(chunk.ErrFormat, "hops")
	}
	return h
}

func appendNumbers(dst []byte, numbers []uint64) []byte {
	dst = appendUvarint(dst, uint64(len(numbers)))
	for i, n := range numbers {
		if i == 0 {
			dst = appendUvarint(dst, n)
			continue
		}
		dst = appendVarint(dst, int64(n-numbers[i-1]))
	}
	return dst
}

func (c *cursor) numbers(dst []uint64) []uint64 {
	count := int(c.uvarint(MaxWant, "numbers"))
	if count > len(c.b) { // each takes a byte at least
		c.fail(chunk.ErrFormat, "numbers")
	}
	if count == 0 || c.err != nil {
		return nil
	}
	numbers := slices.Grow(dst, count)[:count]
	for i := range numbers {
		if i == 0 {
			numbers[0] = c.uvarint(MaxNumber, "numbers")
			continue
		}
		if numbers[i] = numbers[i-1] + uint64(c.varint("numbers")); numbers[i] > MaxNumber {
			c.fail(chunk.ErrLimit, "numbers")
			return nil
		}
	}
	return numbers
}

func appendPeers(dst []byte, m *Peers) []byte {
	dst = appendUvarint(dst, uint64(len(m.Candidates)))
	for i := range m.Candidates {
		p := &m.Candidates[i]
		dst = append(append(dst, p.Peer[:]...), byte(p.Role))
		dst = appendUvarint(dst, uint64(len(p.Addresses)))
		for _, a := range p.Addresses {
			dst = appendUvarint(dst, uint64(len(a)))
			dst = append(dst, a...)
		}
	}
	return dst
}

func (c *cursor) peers() *Peers {
	const least = len(PeerID{}) + 2
	count := int(c.uvarint(MaxCandidates, "candidates"))
	if count*least > len(c.b) {
		c.fail(chunk.ErrFormat, "candidates")
	}
	m := new(Peers)
	if count == 0 || c.err != nil {
		return m
	}
	m.Candidates = make([]Candidate, count)
	for i := range m.Candidates {
		p := &m.Candidates[i]
		copy(p.Peer[:], c.fixed(len(p.Peer), "peer"))
		p.Role = Role(c.u8("role"))
		addresses := c.uvarint(MaxAddresses, "addresses")
		for range addresses {
			p.Addresses = append(p.Addresses, Address(c.bytes(MaxAddress, "address")))
		}
	}
	return m
}

// microseconds of d, between 0 and limit.
func microseconds(d time.Duration, limit uint64) uint64 {
	if d <= 0 {
		return 0
	}
	return min(uint64(d/time.Microsecond), limit)
}
