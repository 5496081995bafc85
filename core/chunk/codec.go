package chunk

import (
	"fmt"
	"time"
)

// Author turns a group into authenticated chunks, at the source.
//
// Seal splits g.Payload into slices of at most the descriptor's ChunkSize, numbers them from next, and
// appends them to dst with their proofs. It fills g's Group header fields First, Data, Parity and Size.
// Payloads alias g.Payload; proofs are freshly allocated or shared between chunks, and never changed later.
// Errors: ErrLimit when g is empty or larger than MaxGroupSize. Not safe for concurrent use.
type Author interface {
	Seal(dst []Chunk, g *Group, next uint64) ([]Chunk, error)
}

// Verdict is what a Verifier found.
type Verdict uint8

const (
	// Authentic means that the publisher made this chunk, and that it may be relayed and played.
	Authentic Verdict = iota
	// Unproven means that the proof leans on a signature that the sender left out and that is not known
	// here: the chunk is dropped, the sender has done no wrong.
	Unproven
	// Forged means that the publisher did not make this chunk: drop it and the peer that sent it.
	Forged
)

// String is the verdict in lower case.
func (v Verdict) String() string {
	switch v {
	case Authentic:
		return "authentic"
	case Unproven:
		return "unproven"
	case Forged:
		return "forged"
	}
	return fmt.Sprintf("verdict %d", uint8(v))
}

// Verifier checks chunks of one stream and one epoch.
type Verifier interface {
	// Verify judges c alone, in whatever order chunks arrive. cost is the time that verification takes in a
	// host that models it (the simulator); a real verifier has already spent the time and answers 0. The
	// engine treats the chunk as arrived cost later. c's slices are not kept. It allocates nothing when the
	// group is already known. State is bounded: it remembers at most the groups of the last few seconds.
	Verify(c *Chunk) (v Verdict, cost time.Duration)
	// Trim gives the proof to send with c: the whole of it, or, towards a peer that is known to hold a chunk
	// of the same group, a shorter one. The result aliases c.Proof. c must be Authentic.
	Trim(c *Chunk, to Knowledge) []byte
	// Rebuild completes the proof of an authentic chunk that came without its signature, so that it can be
	// handed to peers that know nothing of its group. The result may alias c.Proof.
	Rebuild(c *Chunk) []byte
}

// Knowledge says what a receiver is known to hold.
type Knowledge uint8

const (
	// HoldsNothing of the group: send the whole proof.
	HoldsNothing Knowledge = iota
	// HoldsSome chunk of the group: the signature may be left out.
	HoldsSome
)

// Authentication makes the two ends of one authentication method. Methods are named in the descriptor.
type Authentication interface {
	// Name is the method's name in the descriptor: "merkle", "sign-all".
	Name() string
	// Verifier for the stream and epoch of d. Errors: ErrFormat when d's parameters do not suit the method.
	Verifier(d *Descriptor) (Verifier, error)
}

func limit(what string, got, most int) error {
	return fmt.Errorf("%w: %s %d, at most %d", ErrLimit, what, got, most)
}

// Restorer makes groups whole from as many chunks as they have data, whichever these are: a code of the systematic,
// maximum distance separable sort, such as Reed and Solomon's.
type Restorer interface {
	// Restore fills the payloads of one group that are nil. Index i is chunk i of h, parity included, and at least h.Data
	// are there. A short last data chunk counts as padded with zeros, and is restored to its own length. What is filled in
	// belongs to the caller. Errors: ErrFormat when too few are there or one is of the wrong length. Not safe for
	// concurrent use.
	Restore(h *GroupHeader, payloads [][]byte) error
}

// Prover is a Verifier that can prove restored chunks to others. That takes a method whose proofs follow from the chunks of a
// group: where each is signed by itself, a restored chunk can be played and not relayed.
type Prover interface {
	// Prove gives the proofs of all chunks of a group, parity included, by index, from their payloads; nil when they are not
	// what the publisher has signed, or the group is not known here. Proofs may share memory and are never changed.
	Prove(h *GroupHeader, payloads [][]byte) [][]byte
}
