package chunk

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of a descriptor's texts and times.
const (
	maxMethod = 32 // bytes of a method's name
	maxCodec  = 64 // bytes of a codec string
	maxSpan   = time.Hour
)

// Valid reports whether d keeps the limits of a descriptor, as an error that names the field.
func (d *Descriptor) Valid() error {
	switch {
	case d.Name == "" || !utf8.ValidString(d.Name) || hasControl(d.Name):
		return fmt.Errorf("descriptor: name %q: %w", d.Name, ErrFormat)
	case len(d.Name) > MaxName:
		return limit("descriptor: bytes of the name", len(d.Name), MaxName)
	case len(d.Publisher) != ed25519.PublicKeySize:
		return fmt.Errorf("descriptor of %q: publisher's key of %d bytes: %w", d.Name, len(d.Publisher), ErrFormat)
	case d.Epoch == 0:
		return fmt.Errorf("descriptor of %q: epoch 0, which means none: %w", d.Name, ErrFormat)
	case d.Substreams < 1 || d.Substreams > MaxSubstreams:
		return limit("descriptor: substreams", d.Substreams, MaxSubstreams)
	case d.ChunkSize < 1 || d.ChunkSize > MaxPayload:
		return limit("descriptor: chunk size", d.ChunkSize, MaxPayload)
	case d.Authentication == "":
		return fmt.Errorf("descriptor of %q: no authentication: %w", d.Name, ErrFormat)
	case len(d.Authentication) > maxMethod || len(d.Sealed) > maxMethod:
		return limit("descriptor: bytes of a method", max(len(d.Authentication), len(d.Sealed)), maxMethod)
	case d.GroupSpan < 0 || d.GroupSpan > maxSpan || d.RandomAccess < 0 || d.RandomAccess > maxSpan:
		return limit("descriptor: span", int(max(d.GroupSpan, d.RandomAccess)), int(maxSpan))
	case d.Parity < 0 || d.Parity > MaxParity:
		return limit("descriptor: percent of parity", d.Parity, MaxParity)
	case len(d.Tracks) > MaxTracks:
		return limit("descriptor: tracks", len(d.Tracks), MaxTracks)
	case len(d.Init) > MaxInit:
		return limit("descriptor: bytes of init", len(d.Init), MaxInit)
	}
	for i := range d.Tracks {
		t := &d.Tracks[i]
		if t.Kind != Video && t.Kind != Audio {
			return fmt.Errorf("descriptor of %q: track %d: kind %d: %w", d.Name, t.ID, uint8(t.Kind), ErrFormat)
		}
		if len(t.Codec) > maxCodec {
			return limit("descriptor: bytes of a codec", len(t.Codec), maxCodec)
		}
		for _, other := range d.Tracks[:i] {
			if other.ID == t.ID {
				return fmt.Errorf("descriptor of %q: two tracks %d: %w", d.Name, t.ID, ErrFormat)
			}
		}
	}
	return nil
}

func hasControl(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) {
			return true
		}
	}
	return false
}

// writeDescriptor writes d without a signature.
func writeDescriptor(d *Descriptor) []byte {
	var dst []byte
	text := func(s string) {
		dst = binary.AppendUvarint(dst, uint64(len(s)))
		dst = append(dst, s...)
	}
	numbers := func(values ...uint64) {
		for _, v := range values {
			dst = binary.AppendUvarint(dst, v)
		}
	}
	dst = append(dst, descriptorVersion)
	text(d.Name)
	dst = append(dst, d.Publisher...)
	numbers(uint64(d.Epoch), uint64(d.Substreams), uint64(d.ChunkSize))
	text(d.Authentication)
	numbers(d.Bitrate, uint64(d.GroupSpan/time.Microsecond), uint64(d.RandomAccess/time.Microsecond), uint64(d.Parity))
	text(d.Sealed)
	numbers(uint64(len(d.Tracks)))
	for i := range d.Tracks {
		t := &d.Tracks[i]
		numbers(uint64(t.ID))
		dst = append(dst, byte(t.Kind))
		text(t.Codec)
		numbers(uint64(t.Timescale), uint64(t.Width), uint64(t.Height), uint64(t.Rate))
		dst = append(dst, t.Channels)
	}
	numbers(uint64(len(d.Init)))
	return append(dst, d.Init...)
}

// parseDescriptor reads what writeDescriptor wrote, and ignores what follows it.
func parseDescriptor(b []byte) (*Descriptor, error) {
	r := reader{b: b}
	if v := r.u8("version"); r.err == nil && v != descriptorVersion {
		return nil, fmt.Errorf("descriptor: version %d, this is %d: %w", v, descriptorVersion, ErrFormat)
	}
	d := &Descriptor{
		Name:           string(r.bytes(MaxName, "name")),
		Publisher:      ed25519.PublicKey(append([]byte(nil), r.fixed(ed25519.PublicKeySize, "publisher")...)),
		Epoch:          uint32(r.uvarint(1<<32-1, "epoch")),
		Substreams:     int(r.uvarint(MaxSubstreams, "substreams")),
		ChunkSize:      int(r.uvarint(MaxPayload, "chunk size")),
		Authentication: string(r.bytes(maxMethod, "authentication")),
		Bitrate:        r.uvarint(1<<64-1, "bitrate"),
		GroupSpan:      r.span("group span"),
		RandomAccess:   r.span("random access"),
		Parity:         int(r.uvarint(MaxParity, "parity")),
		Sealed:         string(r.bytes(maxMethod, "sealed")),
	}
	for range r.uvarint(MaxTracks, "tracks") {
		d.Tracks = append(d.Tracks, Track{
			ID:        uint32(r.uvarint(1<<32-1, "track id")),
			Kind:      Kind(r.u8("track kind")),
			Codec:     string(r.bytes(maxCodec, "codec")),
			Timescale: uint32(r.uvarint(1<<32-1, "timescale")),
			Width:     uint16(r.uvarint(1<<16-1, "width")),
			Height:    uint16(r.uvarint(1<<16-1, "height")),
			Rate:      uint32(r.uvarint(1<<32-1, "rate")),
			Channels:  r.u8("channels"),
		})
	}
	d.Init = append([]byte(nil), r.bytes(MaxInit, "init")...)
	if r.err != nil {
		return nil, fmt.Errorf("descriptor: %s: %w", r.field, r.err)
	}
	if err := d.Valid(); err != nil {
		return nil, err
	}
	return d, nil
}

// reader reads from the front; after the first failure it answers zeros.
type reader struct {
	b     []byte
	err   error
	field string // that failed
}

func (r *reader) fail(err error, field string) {
	if r.err == nil {
		r.err, r.field, r.b = err, field, nil
	}
}

func (r *reader) uvarint(limit uint64, field string) uint64 {
	v, n := binary.Uvarint(r.b)
	switch {
	case n <= 0 || n > 1 && r.b[n-1] == 0:
		r.fail(ErrFormat, field)
		return 0
	case v > limit:
		r.fail(ErrLimit, field)
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) span(field string) time.Duration {
	return time.Duration(r.uvarint(uint64(maxSpan/time.Microsecond), field)) * time.Microsecond
}

func (r *reader) fixed(n int, field string) []byte {
	if n > len(r.b) {
		r.fail(ErrFormat, field)
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) bytes(limit uint64, field string) []byte {
	return r.fixed(int(r.uvarint(limit, field)), field)
}

func (r *reader) u8(field string) uint8 {
	b := r.fixed(1, field)
	if b == nil {
		return 0
	}
	return b[0]
}
