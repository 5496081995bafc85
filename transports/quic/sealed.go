package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/quic-go/quic-go"
)

// A sealed packet carries one chunk frame beside the QUIC connection, on the same socket:
//
//	mark      1 byte   0x0c: the first two bits 0, so that no QUIC endpoint takes it for its own (RFC 9443)
//	tag       4 bytes  names the link to its receiver, who has chosen it and said so in the hello
//	sequence  6 bytes  counts the packets of one direction of the link from 0
//	frame     sealed by AES-128-GCM, which adds 16 bytes; the 11 bytes in front are authenticated too
//
// The keys come out of the link's TLS handshake (RFC 8446, section 7.5), one secret a direction, and change every
// 2^22 packets, well inside the limits of AES-GCM (RFC 9001, section 6.6). The sequence is the nonce. A packet that
// came before, or that is more than 1024 behind the newest, is dropped.
const (
	sealedMark   = 0x0c
	sealedHeader = 11 // bytes
	sealedTag    = 16 // bytes
	sealedEpoch  = 22 // bits of the sequence that share a key
	sealedMax    = sealedHeader + maxChunk + sealedTag
)

// secret is what the keys of one direction come from.
type secret [32]byte

// secrets derives those of both directions: mine to send, theirs to receive.
func secrets(conn *quic.Conn, s side) (mine, theirs secret, err error) {
	state := conn.ConnectionState()
	var both []byte
	if both, err = state.TLS.ExportKeyingMaterial("EXPORTER-shoal-chunks", nil, 2*len(mine)); err != nil {
		return mine, theirs, fmt.Errorf("derive the keys of chunk frames: %w", err)
	}
	copy(mine[:], both[:len(mine)])
	copy(theirs[:], both[len(mine):])
	if s == listening {
		mine, theirs = theirs, mine
	}
	return mine, theirs, nil
}

// key is that of one epoch.
func (s *secret) key(epoch uint64) (cipher.AEAD, error) {
	k, err := hkdf.Expand(sha256.New, s[:], "shoal chunks "+strconv.FormatUint(epoch, 10), 16)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// sealer makes sealed packets of one link. It belongs to the sender's goroutine.
type sealer struct {
	secret secret
	tag    uint32 // the receiver's
	next   uint64 // sequence
	aead   cipher.AEAD
	nonce  [12]byte
}

// seal appends the packet of a frame.
func (s *sealer) seal(b, frame []byte) ([]byte, error) {
	if s.aead == nil || s.next&(1<<sealedEpoch-1) == 0 {
		var err error
		if s.aead, err = s.secret.key(s.next >> sealedEpoch); err != nil {
			return b, err
		}
	}
	begin := len(b)
	b = append(b, sealedMark)
	b = binary.BigEndian.AppendUint32(b, s.tag)
	b = append(b, byte(s.next>>40), byte(s.next>>32), byte(s.next>>24), byte(s.next>>16), byte(s.next>>8), byte(s.next))
	binary.BigEndian.PutUint64(s.nonce[4:], s.next)
	s.next++
	return s.aead.Seal(b, s.nonce[:], frame, b[begin:]), nil
}

// opener opens sealed packets of one link. It belongs to the goroutine that reads the socket.
type opener struct {
	secret secret
	epoch  uint64
	keys   [2]cipher.AEAD // of epoch and the one before, by their last bit
	nonce  [12]byte
	seen   window
}

func (o *opener) start() (err error) {
	o.keys[0], err = o.secret.key(0)
	return err
}

// peekTag is the tag of a sealed packet.
func peekTag(p []byte) (tag uint32, ok bool) {
	if len(p) < sealedHeader+sealedTag || len(p) > sealedMax || p[0] != sealedMark {
		return 0, false
	}
	return binary.BigEndian.Uint32(p[1:]), true
}

// open answers the frame of a packet in memory of its own, or nil where the packet is forged, old or came before.
func (o *opener) open(p []byte) []byte {
	seq := uint64(binary.BigEndian.Uint16(p[5:]))<<32 | uint64(binary.BigEndian.Uint32(p[7:]))
	if !o.seen.fresh(seq) {
		return nil
	}
	aead := o.keyOf(seq >> sealedEpoch)
	if aead == nil {
		return nil
	}
	binary.BigEndian.PutUint64(o.nonce[4:], seq)
	frame, err := aead.Open(make([]byte, 0, len(p)-sealedHeader-sealedTag), o.nonce[:], p[sealedHeader:], p[:sealedHeader])
	if err != nil {
		return nil
	}
	if epoch := seq >> sealedEpoch; epoch > o.epoch {
		o.epoch, o.keys[epoch&1] = epoch, aead
	}
	o.seen.add(seq)
	return frame
}

// keyOf is the key of this epoch or the one before, as held, or of the next, derived; nil for any other.
func (o *opener) keyOf(epoch uint64) cipher.AEAD {
	switch epoch {
	case o.epoch, o.epoch - 1:
		return o.keys[epoch&1]
	case o.epoch + 1:
		if aead, err := o.secret.key(epoch); err == nil {
			return aead
		}
	}
	return nil
}

// window remembers which of the last 1024 sequence numbers came.
type window struct {
	next uint64 // one beyond the newest
	bits [windowSize / 64]uint64
}

const windowSize = 1024

// fresh reports whether seq may be taken.
func (w *window) fresh(seq uint64) bool {
	switch {
	case seq >= w.next:
		return true
	case w.next-seq > windowSize:
		return false
	}
	return w.bits[seq/64%uint64(len(w.bits))]&(1<<(seq%64)) == 0
}

// add notes seq, which is fresh.
func (w *window) add(seq uint64) {
	if seq >= w.next {
		if seq-w.next >= windowSize {
			w.bits = [windowSize / 64]uint64{}
		} else {
			for s := w.next; s < seq; s++ {
				w.bits[s/64%uint64(len(w.bits))] &^= 1 << (s % 64)
			}
		}
		w.next = seq + 1
	}
	w.bits[seq/64%uint64(len(w.bits))] |= 1 << (seq % 64)
}
