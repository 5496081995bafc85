package sim

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// publisher is the stream's key.
type publisher struct{ private ed25519.PrivateKey }

func (p *publisher) make(seed uint64) {
	var s [ed25519.SeedSize]byte
	copy(s[:], "shoal simulation")
	binary.LittleEndian.PutUint64(s[24:], seed)
	p.private = ed25519.NewKeyFromSeed(s[:])
}

func (p *publisher) public() ed25519.PublicKey { return p.private.Public().(ed25519.PublicKey) }

// media makes the groups of one stream.
type media struct {
	index   int
	name    string
	share   *Share
	epoch   uint32
	signed  []byte // the descriptor
	cfg     *Stream
	proof   []byte // of every chunk
	parity  chunk.ParityShare
	groups  int
	lengths []uint16   // payload bytes of each chunk, by number
	bytes   uint64     // payload so far
	jury    swarm.Jury // of the rendezvous
}

// describe prepares the streams and signs their descriptors.
func (w *world) describe() error {
	s := &w.cfg.Stream
	proof := make([]byte, s.Proof)
	for i := range w.cfg.Streams {
		m := &media{index: i, name: "sim", share: &w.cfg.Streams[i], cfg: s, proof: proof, parity: chunk.NewParityShare(s.Parity)}
		if i > 0 {
			m.name = fmt.Sprint("sim", i+1)
		}
		if err := w.nextEpoch(m); err != nil {
			return fmt.Errorf("%w: stream %d: %w", ErrConfig, i, err)
		}
		w.streams = append(w.streams, m)
	}
	return nil
}

// nextEpoch begins anew with the groups and chunks of a stream.
func (w *world) nextEpoch(m *media) (err error) {
	m.epoch++
	m.groups, m.lengths = 0, nil
	m.signed, err = chunk.Sign(w.descriptor(m), w.key.private)
	return err
}

// Mean is the payload's mean rate, in bits per second.
func (s *Stream) Mean() uint64 {
	if len(s.Trace) == 0 {
		return s.Bitrate
	}
	sum := 0
	for _, n := range s.Trace {
		sum += n
	}
	return uint64(float64(sum) * 8 / (float64(len(s.Trace)) * s.Group.Seconds()))
}

// every is how many groups there are from one random-access group to the next.
func (s *Stream) every() int { return max(int(s.GOP/s.Group), 1) }

// Cycle is after how many groups their sizes come again.
func (s *Stream) Cycle() int {
	if len(s.Trace) > 0 {
		return len(s.Trace)
	}
	return s.every()
}

// Sizes are the bytes of the groups of one cycle, of a stream with nothing left at its default.
func (s *Stream) Sizes() []int {
	all := Share{Weight: 1, Bitrate: s.Mean()}
	sizes := make([]int, s.Cycle())
	for i := range sizes {
		sizes[i] = s.size(i, &all)
	}
	return sizes
}

// size is the bytes of group i, for a share.
func (s *Stream) size(i int, of *Share) int {
	if len(s.Trace) > 0 {
		return s.traced(i, of)
	}
	every := s.every()
	whole := float64(of.Bitrate) / 8 * s.Group.Seconds() * float64(every) // bytes of a GOP
	size := whole / (float64(every) - 1 + s.KeyFrame)
	if i%every == 0 {
		size *= s.KeyFrame
	}
	return min(max(int(size), 1), chunk.MaxGroupSize)
}

// traced is the bytes of group i of a trace, for a share.
func (s *Stream) traced(i int, of *Share) int {
	times := float64(of.Bitrate) / float64(max(s.Mean(), 1))
	return min(max(int(times*float64(s.Trace[i%len(s.Trace)])), 1), chunk.MaxGroupSize)
}

// publish hands the next group of a stream to the source.
func (w *lane) publish(m *media) error {
	g := chunk.Group{GroupHeader: chunk.GroupHeader{
		Size: uint32(m.cfg.size(m.groups, m.share)), Time: time.Duration(m.groups) * m.cfg.Group, Span: m.cfg.Group,
		Born: origin + w.now.Microseconds(), RandomAccess: m.groups%m.cfg.every() == 0,
	}}
	m.groups++
	m.bytes += uint64(g.Size)
	if source := w.peers[0]; !source.gone {
		a := &source.parts[m.index]
		if err := a.engine.Publish(w.now, g, m); err != nil {
			return fmt.Errorf("simulated source: group %d: %w", m.groups-1, err)
		}
		w.advance(a)
	}
	w.add(w.now+m.cfg.Group, happening{what: doGroup, stream: uint8(m.index)})
	return nil
}

// Seal slices a group whose payload is only counted: see chunk.Author.
func (m *media) Seal(dst []chunk.Chunk, g *chunk.Group, next uint64) ([]chunk.Chunk, error) {
	n := (int(g.Size) + m.cfg.ChunkSize - 1) / m.cfg.ChunkSize
	if g.Size == 0 || n > chunk.MaxChunks {
		return dst, fmt.Errorf("%w: group of %d bytes", chunk.ErrLimit, g.Size)
	}
	g.Epoch, g.First, g.Data = m.epoch, next, uint16(n)
	g.Parity = uint16(m.parity.Chunks(&g.GroupHeader, n))
	m.parity.Deal(&g.GroupHeader)
	g.Group = uint64(m.groups - 1)
	for i := range g.Total() {
		c := chunk.Chunk{Header: g.GroupHeader, Index: uint16(i), Proof: m.proof}
		dst = append(dst, c)
		m.lengths = append(m.lengths, uint16(c.Length()))
	}
	return dst, nil
}

// length is the payload of a chunk, in bytes.
func (m *media) length(number uint64) int {
	if number < uint64(len(m.lengths)) {
		return int(m.lengths[number])
	}
	return m.cfg.ChunkSize
}

// authentication stands for a real one: of its proofs only the length counts, of its verifications only the time.
type authentication struct {
	proof []byte
	cost  time.Duration
}

// signature is what a proof is shorter by towards a peer that knows the group's.
const signature = 64

// Name is "modelled".
func (authentication) Name() string { return "modelled" }

// Verifier is the authentication itself: it keeps nothing.
func (a authentication) Verifier(*chunk.Descriptor) (chunk.Verifier, error) { return a, nil }

// forgery is the first byte of a forged proof; that of a true one is 0.
const forgery = 1

// Verify tells what was forged from what was not, after the modelled time. What is kept of a chunk then has the one proof that
// there is, and lets go of the frame in which it came: a third of what a peer holds would be frames.
func (a authentication) Verify(c *chunk.Chunk) (chunk.Verdict, time.Duration) {
	if len(c.Proof) > 0 && c.Proof[0] == forgery {
		return chunk.Forged, a.cost
	}
	c.Proof, c.Payload = a.proof, nil
	return chunk.Authentic, a.cost
}

// Trim leaves the signature out towards a peer that knows it.
func (a authentication) Trim(_ *chunk.Chunk, to chunk.Knowledge) []byte {
	if to == chunk.HoldsSome {
		return a.proof[:max(len(a.proof)-signature, 0)]
	}
	return a.proof
}

// Rebuild is the whole proof.
func (a authentication) Rebuild(*chunk.Chunk) []byte { return a.proof }

// Prove proves whatever there is: nothing that is restored here can be wrong.
func (a authentication) Prove(_ *chunk.GroupHeader, payloads [][]byte) [][]byte {
	proofs := make([][]byte, len(payloads))
	for i := range proofs {
		proofs[i] = a.proof
	}
	return proofs
}

// restorer stands for a code that restores chunks without bytes.
type restorer struct{}

// Restore leaves payloads as they are: all that count are their numbers.
func (restorer) Restore(*chunk.GroupHeader, [][]byte) error { return nil }
