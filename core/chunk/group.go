package chunk

import "time"

// Limits of a group and of a chunk. What exceeds them is refused with ErrLimit.
const (
	MaxGroupSize = 8 << 20  // bytes of one group
	MaxPayload   = 16 << 10 // bytes of one chunk's payload; 16 KiB only where the transport fragments
	MaxChunks    = 16384    // chunks of one group, parity included
)

// GroupHeader describes a group. It is carried by each of its chunks and covered by the publisher's signature.
type GroupHeader struct {
	Epoch        uint32
	Rendition    uint8
	Group        uint64        // counts up from 0 in each epoch
	First        uint64        // number of the group's first chunk
	Data         uint16        // chunks that hold the payload, >= 1
	Parity       uint16        // chunks after them that hold parity, 0 where the stream has none
	Size         uint32        // bytes of the payload, 1..MaxGroupSize
	Time         time.Duration // media time of the first sample, since the epoch began; whole microseconds
	Span         time.Duration // media time until the next group, as predicted by the ingest; whole microseconds
	Born         int64         // Unix microseconds by the source's wall clock, when the group was complete; for reports only
	RandomAccess bool          // decoding can begin here
}

// Total is the number of chunks, parity included.
func (h *GroupHeader) Total() int { return int(h.Data) + int(h.Parity) }

// Slice is the byte range of the payload that data chunk index holds: equal
// slices of ceil(Size/Data) bytes, the last one shorter.
func (h *GroupHeader) Slice(index int) (from, to int) {
	n := (int(h.Size) + int(h.Data) - 1) / int(h.Data)
	from = min(index*n, int(h.Size))
	return from, min(from+n, int(h.Size))
}

// Valid reports whether the counts and limits of h agree with one another, as an error that names the field.
func (h *GroupHeader) Valid() error {
	switch {
	case h.Data == 0 || h.Total() > MaxChunks:
		return limit("data and parity chunks", h.Total(), MaxChunks)
	case h.Size == 0 || h.Size > MaxGroupSize:
		return limit("group size", int(h.Size), MaxGroupSize)
	case int(h.Size) < int(h.Data):
		return limit("data chunks", int(h.Data), int(h.Size))
	case h.First > 1<<62 || h.Group > 1<<62:
		return limit("group number", int(h.Group), 1<<62)
	case h.Time < 0 || h.Span < 0 || h.Time > 1<<61 || h.Span > time.Hour:
		return limit("group time", int(h.Span), int(time.Hour))
	case (int(h.Size)+int(h.Data)-1)/int(h.Data) > MaxPayload:
		return limit("chunk payload", (int(h.Size)+int(h.Data)-1)/int(h.Data), MaxPayload)
	}
	if from, to := h.Slice(int(h.Data) - 1); to <= from {
		return limit("data chunks", int(h.Data), int(h.Size))
	}
	return nil
}

// Group is one CMAF fragment (moof and mdat of all tracks that have samples in its span), as the ingest
// emits it and as the viewer plays it. The ingest fills Time, Span, Born, RandomAccess and Payload; the
// author of the stream fills the rest.
type Group struct {
	GroupHeader
	Payload []byte // owned by whoever holds the Group; never changed after it was handed over
}

// Chunk is one verified or to-be-verified slice of a group.
type Chunk struct {
	Header  GroupHeader
	Index   uint16 // position in the group: 0..Data-1 payload, Data..Total-1 parity
	Proof   []byte // of the authentication codec, see Author; opaque to the engine
	Payload []byte
}

// ID is the identity of c.
func (c *Chunk) ID() ID {
	return ID{Epoch: c.Header.Epoch, Rendition: c.Header.Rendition, Number: c.Header.First + uint64(c.Index)}
}

// Length is how many bytes of payload c must have: a data chunk those of its Slice, a parity chunk those of the
// first slice. In a host that models payloads (the simulator) chunks carry none.
func (c *Chunk) Length() int {
	i := int(c.Index)
	if i >= int(c.Header.Data) {
		i = 0
	}
	from, to := c.Header.Slice(i)
	return to - from
}
