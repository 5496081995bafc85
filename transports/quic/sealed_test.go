package quic

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// sealedPair is both ends of one direction.
func sealedPair(t testing.TB) (*sealer, *opener) {
	t.Helper()
	k := secret{1, 2, 3}
	o := &opener{secret: k}
	if err := o.start(); err != nil {
		t.Fatal(err)
	}
	return &sealer{secret: k, tag: 0xdecade}, o
}

func seal(t testing.TB, s *sealer, frame []byte) []byte {
	t.Helper()
	p, err := s.seal(nil, frame)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSealedPacketOpensToItsFrame(t *testing.T) {
	s, o := sealedPair(t)
	for n := range maxChunk + 1 {
		frame := bytes.Repeat([]byte{byte(n)}, n)
		p := seal(t, s, frame)
		if len(p) != n+sealedHeader+sealedTag {
			t.Fatalf("a frame of %d bytes is a packet of %d", n, len(p))
		}
		if tag, ok := peekTag(p); !ok || tag != s.tag {
			t.Fatalf("peekTag: %x, %v; want %x", tag, ok, s.tag)
		}
		if got := o.open(p); got == nil || !bytes.Equal(got, frame) {
			t.Fatalf("a frame of %d bytes opened to %d", n, len(got))
		}
	}
}

func TestSealedPacketOpensOnceOnly(t *testing.T) {
	s, o := sealedPair(t)
	var list [][]byte
	for i := range 3000 {
		list = append(list, seal(t, s, []byte{byte(i), byte(i >> 8)}))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := 0; i+500 <= len(list); i += 500 { // shuffled within the window
		rng.Shuffle(500, func(a, b int) { list[i+a], list[i+b] = list[i+b], list[i+a] })
	}
	for i, p := range list {
		if o.open(p) == nil {
			t.Fatalf("packet %d did not open", i)
		}
		if o.open(p) != nil {
			t.Fatalf("packet %d opened twice", i)
		}
	}
	for i, p := range list {
		if o.open(p) != nil {
			t.Fatalf("packet %d opened again later", i)
		}
	}
}

func TestForgedPacketsDoNotOpen(t *testing.T) {
	s, o := sealedPair(t)
	p := seal(t, s, []byte("a frame"))
	for bit := range len(p) * 8 {
		forged := slices.Clone(p)
		forged[bit/8] ^= 1 << (bit % 8)
		if _, ok := peekTag(forged); !ok {
			continue
		}
		if got := o.open(forged); got != nil {
			t.Fatalf("with bit %d flipped it opened to %q", bit, got)
		}
	}
	if o.open(p) == nil {
		t.Error("forged packets kept the true one out")
	}
	other := &sealer{secret: secret{9}, tag: s.tag}
	if o.open(seal(t, other, []byte("a frame"))) != nil {
		t.Error("a packet under another key opened")
	}
}

// Keys change every 2^22 packets; packets of the epoch before still open, older ones and those far ahead do not.
func TestKeysChangeWithTheEpoch(t *testing.T) {
	s, o := sealedPair(t)
	const epoch = 1 << sealedEpoch
	at := func(seq uint64) []byte {
		s.next, s.aead = seq, nil
		if seq%epoch != 0 { // the key of the middle of an epoch is that of its begin
			var err error
			if s.aead, err = s.secret.key(seq >> sealedEpoch); err != nil {
				t.Fatal(err)
			}
		}
		return seal(t, s, []byte{1})
	}
	for _, step := range []struct {
		name  string
		seq   uint64
		opens bool
	}{
		{"the first", 0, true},
		{"two epochs ahead", 2 * epoch, false},
		{"the last of the epoch", epoch - 1, true},
		{"the first of the next", epoch, true},
		{"a late one of the epoch before", epoch - 5, true},
		{"the next epoch again", 2*epoch + 1, true},
		{"far behind the window", epoch + 7, false},
		{"the last that six bytes can number", 1<<48 - 1, false},
	} {
		if got := o.open(at(step.seq)) != nil; got != step.opens {
			t.Errorf("%s: opened %v; want %v", step.name, got, step.opens)
		}
	}
}

// The window agrees with a set of all that came.
func FuzzWindow(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 2, 1})
	f.Add([]byte{255, 0, 255, 128, 1, 255, 255})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var w window
		came := make(map[uint64]bool)
		next, seq := uint64(0), uint64(0)
		for i, step := range steps {
			switch i % 3 {
			case 0:
				seq += uint64(step)
			case 1:
				seq -= min(seq, uint64(step)*7)
			case 2:
				seq += uint64(step) * 9
			}
			want := !came[seq] && (seq >= next || next-seq <= windowSize)
			if got := w.fresh(seq); got != want {
				t.Fatalf("step %d: fresh(%d) is %v; want %v", i, seq, got, want)
			}
			if want {
				w.add(seq)
				came[seq], next = true, max(next, seq+1)
			}
		}
	})
}

// What opens is what sealing its frame gives.
func FuzzOpen(f *testing.F) {
	s, _ := sealedPair(f)
	f.Add(seal(f, s, []byte("a frame")))
	f.Add(seal(f, s, nil))
	f.Add([]byte{sealedMark})
	f.Add(make([]byte, 2000))
	f.Fuzz(func(t *testing.T, p []byte) {
		tag, ok := peekTag(p)
		if !ok {
			return
		}
		s, o := sealedPair(t)
		frame := o.open(p)
		if frame == nil {
			return
		}
		s.tag, s.next = tag, o.seen.next-1
		var err error
		if s.aead, err = s.secret.key(s.next >> sealedEpoch); err != nil {
			t.Fatal(err)
		}
		if again := seal(t, s, frame); !bytes.Equal(again, p) {
			t.Fatalf("%x opened to %x, which seals to %x", p, frame, again)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	s, o := sealedPair(b)
	frame := make([]byte, maxChunk)
	packet := make([]byte, 0, sealedMax)
	b.SetBytes(maxChunk)
	b.ReportAllocs()
	for b.Loop() {
		packet, _ = s.seal(packet[:0], frame)
		if o.open(packet) == nil {
			b.Fatal("it did not open")
		}
	}
}
