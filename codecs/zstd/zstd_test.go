package zstd_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/codecs/zstd"
	"github.com/shoal-live/shoal/core/chunk"
)

func TestShortDataStandsAsItIs(t *testing.T) {
	in := []byte(strings.Repeat("a", zstd.Threshold-1))
	if out := zstd.Compress(nil, in); len(out) != len(in)+1 {
		t.Fatalf("%d bytes became %d", len(in), len(out))
	}
}

func TestLongDataGetsShorter(t *testing.T) {
	in := []byte(strings.Repeat("descriptor ", 100))
	if out := zstd.Compress(nil, in); len(out) > len(in)/4 {
		t.Fatalf("%d bytes became %d", len(in), len(out))
	}
}

func TestBombIsRefused(t *testing.T) {
	bomb := zstd.Compress(nil, make([]byte, 4<<20))
	if len(bomb) > 4096 {
		t.Fatalf("the bomb has %d bytes, and proves nothing", len(bomb))
	}
	if _, err := zstd.Decompress(nil, bomb, 1<<20); !errors.Is(err, chunk.ErrLimit) {
		t.Fatalf("error is %v", err)
	}
	two := append(bytes.Clone(zstd.Compress(nil, make([]byte, 1000))), bomb[5:]...) // a second frame behind a small one
	if _, err := zstd.Decompress(nil, two, 1<<20); err == nil {
		t.Fatal("a bomb in a second frame was unpacked")
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("x"))
	f.Add(bytes.Repeat([]byte("shoal"), 50))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := zstd.Decompress([]byte("head"), zstd.Compress(nil, in), len(in))
		if err != nil || string(out) != "head"+string(in) {
			t.Fatalf("%q became %q (%v)", in, out, err)
		}
		if _, err := zstd.Decompress(nil, in, 1<<16); err != nil && !errors.Is(err, chunk.ErrFormat) && !errors.Is(err, chunk.ErrLimit) {
			t.Fatal(err)
		}
	})
}
