package quic

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

func TestHelloThatIsNoneIsRefused(t *testing.T) {
	good := encodeHello(hello{chunks: asPackets, tag: 7, observed: "192.0.2.1:9890"})
	long := encodeHello(hello{chunks: asPackets, observed: strings.Repeat("x", maxObserved+1)})
	for name, b := range map[string][]byte{ // order-free: each stands alone
		"empty":              nil,
		"one byte":           {1},
		"another version":    append([]byte{2}, good[1:]...),
		"no chunk mode":      append([]byte{1, 0}, good[2:]...),
		"unknown chunk mode": append([]byte{1, 4}, good[2:]...),
		"cut":                good[:len(good)-1],
		"cut at the length":  good[:helloFixed],
		"address too long":   long,
	} {
		if _, err := parseHello(b); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v; want ErrProtocol", name, err)
		}
	}
	if h, err := parseHello(append(good, "of a later version"...)); err != nil || h.tag != 7 || h.observed != "192.0.2.1:9890" {
		t.Errorf("with an extension: %+v, %v", h, err)
	}
}

// What parses is written as the same bytes, but for the extension.
func FuzzHello(f *testing.F) {
	f.Add(encodeHello(hello{chunks: asDatagrams, tag: 1, observed: "192.0.2.1:9890"}))
	f.Add(encodeHello(hello{chunks: asStream}))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseHello(b)
		if err != nil {
			return
		}
		again := encodeHello(h)
		back, err := parseHello(again)
		if err != nil || back != h {
			t.Fatalf("%x: %+v came back as %+v, %v", b, h, back, err)
		}
	})
}

// A frame is read whole or not at all, whatever the stream holds, and no length alone allocates.
func FuzzReadFrame(f *testing.F) {
	f.Add(append(binary.AppendUvarint(nil, 3), "abcd"...), uint16(100))
	f.Add(binary.AppendUvarint(nil, 1<<40), uint16(65535))
	f.Add(append(binary.AppendUvarint(nil, 9000), make([]byte, 9000)...), uint16(9000))
	f.Fuzz(func(t *testing.T, b []byte, most uint16) {
		frame, err := readFrame(bufio.NewReader(bytes.NewReader(b)), uint64(most))
		n, used := binary.Uvarint(b)
		whole := used > 0 && n <= uint64(most) && n <= uint64(len(b)-used)
		if whole != (err == nil) {
			t.Fatalf("%x, at most %d: %v", b, most, err)
		}
		if err == nil && !bytes.Equal(frame, b[used:used+int(n)]) {
			t.Fatalf("%x was read as %x", b, frame)
		}
		if cap(frame) > 2*max(len(b), firstAlloc) {
			t.Fatalf("%d bytes made it allocate %d", len(b), cap(frame))
		}
	})
}
