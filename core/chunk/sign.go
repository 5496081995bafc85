package chunk

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"time"
)

// What is signed begins with its purpose, so that no signature serves another.
const (
	descriptorPurpose = "shoal descriptor v1\x00"
	groupPurpose      = "shoal group v1\x00"
)

// descriptorVersion is the first byte of a signed descriptor.
const descriptorVersion = 1

// Sign writes and signs d. key must be the publisher's. Errors: ErrFormat or ErrLimit, naming the field, when d is
// not valid; ErrSignature when key is not d.Publisher's.
//
// Layout, in the notation of package swarm ("v" a minimal varint, "bytes" a varint length and that many bytes):
//
//	version 1 (= 1) | name bytes | publisher 32 | epoch v | substreams v | chunk size v | authentication bytes |
//	bitrate v | group span v (us) | random access v (us) | parity v (%) | sealed bytes |
//	tracks v | tracks x (id v | kind 1 | codec bytes | timescale v | width v | height v | rate v | channels 1) |
//	init bytes | extension | signature 64
//
// The signature is Ed25519 over "shoal descriptor v1" 0x00 and all that stands before it. A later version may add
// fields in the extension, which is ignored.
func Sign(d *Descriptor, key ed25519.PrivateKey) ([]byte, error) {
	if err := d.Valid(); err != nil {
		return nil, err
	}
	if len(key) != ed25519.PrivateKeySize || !bytes.Equal(key[ed25519.PrivateKeySize-ed25519.PublicKeySize:], d.Publisher) {
		return nil, fmt.Errorf("descriptor of %q: key is not the publisher's: %w", d.Name, ErrSignature)
	}
	signed := writeDescriptor(d)
	if n := len(signed) + ed25519.SignatureSize; n > MaxDescriptor {
		return nil, limit("descriptor bytes", n, MaxDescriptor)
	}
	return append(signed, ed25519.Sign(key, purposed(descriptorPurpose, signed))...), nil
}

// Open verifies and reads what Sign wrote. The signature is checked against the key inside: the caller must compare
// StreamID with the stream that it meant to join. signed is not kept. Errors: ErrFormat, ErrLimit, ErrSignature.
func Open(signed []byte) (*Descriptor, error) {
	if len(signed) > MaxDescriptor {
		return nil, limit("descriptor bytes", len(signed), MaxDescriptor)
	}
	if len(signed) <= ed25519.SignatureSize {
		return nil, fmt.Errorf("descriptor: %w: %d bytes", ErrFormat, len(signed))
	}
	body := signed[:len(signed)-ed25519.SignatureSize]
	d, err := parseDescriptor(body)
	if err != nil {
		return nil, err
	}
	if !ed25519.Verify(d.Publisher, purposed(descriptorPurpose, body), signed[len(body):]) {
		return nil, fmt.Errorf("descriptor of %q: %w", d.Name, ErrSignature)
	}
	return d, nil
}

func purposed(purpose string, body []byte) []byte {
	return append([]byte(purpose), body...)
}

// AppendGroupHeader writes what a signature over a group of stream begins with: every field of h at a fixed width,
// big-endian, so that equal bytes mean equal headers.
//
//	"shoal group v1" 0x00 | stream 16 | epoch 4 | rendition 1 | random access 1 (0 or 1) | group 8 | first 8 |
//	data 2 | parity 2 | size 4 | time 8 (us) | span 8 (us) | born 8 (us)
func AppendGroupHeader(dst []byte, stream StreamID, h *GroupHeader) []byte {
	dst = append(dst, groupPurpose...)
	dst = append(dst, stream[:]...)
	dst = binary.BigEndian.AppendUint32(dst, h.Epoch)
	random := byte(0)
	if h.RandomAccess {
		random = 1
	}
	dst = append(dst, h.Rendition, random)
	dst = binary.BigEndian.AppendUint64(dst, h.Group)
	dst = binary.BigEndian.AppendUint64(dst, h.First)
	dst = binary.BigEndian.AppendUint16(dst, h.Data)
	dst = binary.BigEndian.AppendUint16(dst, h.Parity)
	dst = binary.BigEndian.AppendUint32(dst, h.Size)
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.Time/time.Microsecond))
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.Span/time.Microsecond))
	return binary.BigEndian.AppendUint64(dst, uint64(h.Born))
}
