package chunk

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func testKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)) }

func testDescriptor() *Descriptor {
	return &Descriptor{
		Name: "cam/one é", Publisher: testKey().Public().(ed25519.PublicKey), Epoch: 9, Substreams: 16, ChunkSize: 900,
		Authentication: "merkle", Bitrate: 2_500_000, GroupSpan: 100 * time.Millisecond, RandomAccess: 2 * time.Second,
		Parity: 2, Sealed: "", Init: []byte("ftypmoov"),
		Tracks: []Track{
			{ID: 1, Kind: Video, Codec: "avc1.64001f", Timescale: 90000, Width: 1920, Height: 1080},
			{ID: 2, Kind: Audio, Codec: "mp4a.40.2", Timescale: 48000, Rate: 48000, Channels: 2},
		},
	}
}

func TestOpenReadsWhatSignWrote(t *testing.T) {
	bare := testDescriptor()
	bare.Tracks, bare.Init, bare.Bitrate, bare.RandomAccess, bare.Parity = nil, nil, 0, 0, 0
	full := testDescriptor()
	full.Init = bytes.Repeat([]byte{1}, MaxInit)
	full.Name = strings.Repeat("n", MaxName)
	for name, d := range map[string]*Descriptor{"usual": testDescriptor(), "bare": bare, "full": full} { // order-free: each on its own
		signed, err := Sign(d, testKey())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := Open(signed)
		if err != nil || !reflect.DeepEqual(got, d) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if got.StreamID() != NewStreamID(d.Publisher, d.Name) {
			t.Errorf("%s: another stream", name)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	for name, c := range map[string]struct { // order-free: subtests on their own
		change func(*Descriptor)
		want   error
	}{
		"no name":                    {func(d *Descriptor) { d.Name = "" }, ErrFormat},
		"a name that is no text":     {func(d *Descriptor) { d.Name = "a\xff" }, ErrFormat},
		"a name with a line break":   {func(d *Descriptor) { d.Name = "a\nb" }, ErrFormat},
		"a long name":                {func(d *Descriptor) { d.Name = strings.Repeat("n", 256) }, ErrLimit},
		"a short key":                {func(d *Descriptor) { d.Publisher = d.Publisher[:31] }, ErrFormat},
		"somebody else's key":        {func(d *Descriptor) { d.Publisher = make([]byte, 32) }, ErrSignature},
		"epoch 0":                    {func(d *Descriptor) { d.Epoch = 0 }, ErrFormat},
		"no substreams":              {func(d *Descriptor) { d.Substreams = 0 }, ErrLimit},
		"65 substreams":              {func(d *Descriptor) { d.Substreams = 65 }, ErrLimit},
		"no chunk size":              {func(d *Descriptor) { d.ChunkSize = 0 }, ErrLimit},
		"a chunk above MaxPayload":   {func(d *Descriptor) { d.ChunkSize = MaxPayload + 1 }, ErrLimit},
		"no authentication":          {func(d *Descriptor) { d.Authentication = "" }, ErrFormat},
		"a long method":              {func(d *Descriptor) { d.Sealed = strings.Repeat("x", 33) }, ErrLimit},
		"a negative span":            {func(d *Descriptor) { d.GroupSpan = -1 }, ErrLimit},
		"negative parity":            {func(d *Descriptor) { d.Parity = -1 }, ErrLimit},
		"more parity than data":      {func(d *Descriptor) { d.Parity = 101 }, ErrLimit},
		"17 tracks":                  {func(d *Descriptor) { d.Tracks = make([]Track, 17) }, ErrLimit},
		"a long init":                {func(d *Descriptor) { d.Init = make([]byte, MaxInit+1) }, ErrLimit},
		"a track of no kind":         {func(d *Descriptor) { d.Tracks[0].Kind = 3 }, ErrFormat},
		"two tracks of one id":       {func(d *Descriptor) { d.Tracks[1].ID = 1 }, ErrFormat},
		"a long codec":               {func(d *Descriptor) { d.Tracks[1].Codec = strings.Repeat("x", 65) }, ErrLimit},
		"random access above 1 hour": {func(d *Descriptor) { d.RandomAccess = 2 * time.Hour }, ErrLimit},
	} {
		t.Run(name, func(t *testing.T) {
			d := testDescriptor()
			c.change(d)
			if signed, err := Sign(d, testKey()); !errors.Is(err, c.want) || signed != nil {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	if _, err := Sign(testDescriptor(), nil); !errors.Is(err, ErrSignature) {
		t.Errorf("no key: %v", err)
	}
}

func TestOpenRefusesEveryChangedBit(t *testing.T) {
	signed, err := Sign(testDescriptor(), testKey())
	if err != nil {
		t.Fatal(err)
	}
	for i := range signed {
		for bit := range 8 {
			b := bytes.Clone(signed)
			b[i] ^= 1 << bit
			if _, err := Open(b); err == nil {
				t.Fatalf("byte %d, bit %d changed: accepted", i, bit)
			}
		}
	}
	for n := range signed {
		if _, err := Open(signed[:n]); err == nil {
			t.Fatalf("%d of %d bytes: accepted", n, len(signed))
		}
	}
	if _, err := Open(make([]byte, MaxDescriptor+1)); !errors.Is(err, ErrLimit) {
		t.Errorf("too long: %v", err)
	}
}

func TestOpenIgnoresAnExtension(t *testing.T) {
	body := append(writeDescriptor(testDescriptor()), "a later field"...)
	signed := append(body, ed25519.Sign(testKey(), purposed(descriptorPurpose, body))...)
	if d, err := Open(signed); err != nil || !reflect.DeepEqual(d, testDescriptor()) {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestASignatureServesNoOtherPurpose(t *testing.T) {
	body := writeDescriptor(testDescriptor())
	signed := append(body, ed25519.Sign(testKey(), body)...)
	if _, err := Open(signed); !errors.Is(err, ErrSignature) {
		t.Errorf("signed without its purpose: %v", err)
	}
}

func TestGroupHeaderBytesNeverChange(t *testing.T) {
	h := GroupHeader{
		Epoch: 1, Rendition: 2, Group: 3, First: 4, Data: 5, Parity: 6, Size: 7,
		Time: 8 * time.Microsecond, Span: 9 * time.Microsecond, Born: 10, RandomAccess: true,
	}
	const want = "73686f616c2067726f757020763100" + "0b000000000000000000000000000000" + "00000001" + "02" + "01" +
		"0000000000000003" + "0000000000000004" + "0005" + "0006" + "00000007" +
		"0000000000000008" + "0000000000000009" + "000000000000000a"
	if got := hex.EncodeToString(AppendGroupHeader(nil, StreamID{11}, &h)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	h.RandomAccess = false
	if got := hex.EncodeToString(AppendGroupHeader(nil, StreamID{11}, &h)); got == want {
		t.Error("random access is not covered")
	}
}

// FuzzDescriptor holds the layout to its law: what parses is written again byte for byte, but for an extension.
func FuzzDescriptor(f *testing.F) {
	f.Add(writeDescriptor(testDescriptor()))
	f.Add(append(writeDescriptor(testDescriptor()), 1, 2, 3))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseDescriptor(b)
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrLimit) {
				t.Fatal(err)
			}
			return
		}
		if again := writeDescriptor(d); !bytes.HasPrefix(b, again) {
			t.Fatalf("read %x, wrote %x", b, again)
		}
		if _, err := Open(append(b, make([]byte, ed25519.SignatureSize)...)); err == nil {
			t.Fatal("opened without a signature")
		}
	})
}
