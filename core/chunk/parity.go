package chunk

import "fmt"

// Limits of parity. An author keeps them and a Restorer refuses what does not, so that nobody's group costs much to restore.
const (
	MaxParity       = 100       // percent: as many parity chunks as data chunks
	MaxParityChunks = 127       // of a group; so their number takes one byte of a frame
	MaxCoding       = 128 << 20 // data chunks x parity chunks x bytes of a slice, or minCoded where a slice is shorter
	ByteChunks      = 256       // chunks of a group that a code over bytes can have; one over pairs of bytes can have MaxChunks

	minCoded = 256
)

// ParityChunks is how many parity chunks a group of size bytes gets at most that has so many data chunks, where share percent
// of the data chunks are wanted: rounded up, and fewer where a limit is in the way. How many it gets is for [ParityShare].
func ParityChunks(share, data, size int) int {
	if share <= 0 || data <= 0 {
		return 0
	}
	n := (data*min(share, MaxParity) + 99) / 100
	n = min(n, MaxParityChunks, MaxCoding/(data*max((size+data-1)/data, minCoded)))
	return max(min(n, MaxChunks-data), 0)
}

// maxParityDebt is how much parity may be given in advance, in hundredths of a chunk.
const maxParityDebt = 100

// ParityShare deals out the parity of one epoch's groups: what is left of a share when it is made a whole number of chunks is
// carried to the next group, so that all groups before have together what was asked, and a chunk more or less. A group
// with random access has its share rounded up as long as the others can make up for it, since most is lost with it. What a limit
// withholds from a group is lost beyond a chunk, not given to others.
type ParityShare struct {
	percent int // 0..MaxParity
	carry   int // that is still to be given, in hundredths of a chunk; -maxParityDebt..99
}

// NewParityShare is one of percent of the data chunks.
func NewParityShare(percent int) ParityShare {
	return ParityShare{percent: min(max(percent, 0), MaxParity)}
}

// Chunks is how many parity chunks the next group gets when it is cut into data chunks: never more than [ParityChunks]. Of h
// Size and RandomAccess count. It changes nothing, so that an author may ask for several sizes of a chunk.
func (s *ParityShare) Chunks(h *GroupHeader, data int) int {
	most := ParityChunks(s.percent, data, int(h.Size))
	due := s.carry + data*s.percent
	if h.RandomAccess && due-100*most >= -maxParityDebt {
		return most
	}
	return min(max(due, 0)/100, most)
}

// Deal notes what the next group got: its Data and Parity.
func (s *ParityShare) Deal(h *GroupHeader) {
	s.carry = min(s.carry+int(h.Data)*s.percent-100*int(h.Parity), 99)
}

// Restorable reports whether h, which is valid, keeps the limits of parity, as an error that names the field. Slices of a
// group with parity and more than ByteChunks chunks are of even length.
func (h *GroupHeader) Restorable() error {
	_, slice := h.Slice(0)
	coding := int64(h.Data) * int64(h.Parity) * int64(max(slice, minCoded))
	switch {
	case h.Parity > min(h.Data, MaxParityChunks):
		return limit("parity chunks", int(h.Parity), int(min(h.Data, MaxParityChunks)))
	case coding > MaxCoding:
		return fmt.Errorf("%w: coding of %d data and %d parity chunks of %d bytes", ErrLimit, h.Data, h.Parity, slice)
	case h.Parity > 0 && h.Total() > ByteChunks && slice%2 == 1:
		return fmt.Errorf("%w: %d chunks with parity, of %d bytes, which is odd", ErrFormat, h.Total(), slice)
	}
	return nil
}
