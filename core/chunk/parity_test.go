package chunk

import (
	"errors"
	"testing"
)

func TestParityIsAShareRoundedUp(t *testing.T) {
	for _, tt := range []struct {
		name              string
		share, data, size int
		want              int
	}{
		{"none", 0, 26, 26_000, 0},
		{"a group of one chunk gets a copy of it", 7, 1, 500, 1},
		{"exactly a share", 8, 25, 25_000, 2},
		{"one above it", 8, 26, 26_000, 3},
		{"two for 26", 7, 26, 26_000, 2},
		{"all of it", 100, 26, 26_000, 26},
		{"more than there is", 300, 26, 26_000, 26},
		{"as many as coding may cost", 8, 8000, 8000 * 1000, 16},
		{"as many as coding may cost, of short slices", 100, 8000, 16_000, 65},
		{"as many as one byte can say", 100, 200, 200_000, 127},
		{"no more than numbers for them", 10, MaxChunks - 3, 2 * (MaxChunks - 3), 3},
	} {
		got := ParityChunks(tt.share, tt.data, tt.size)
		if got != tt.want {
			t.Errorf("%s: %d of %d data chunks, want %d", tt.name, got, tt.data, tt.want)
		}
		h := GroupHeader{Data: uint16(tt.data), Parity: uint16(got), Size: uint32(tt.size)}
		if err := h.Restorable(); err != nil || h.Total() > MaxChunks {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestRestorableKeepsTheLimits(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    GroupHeader
		want error
	}{
		{"no parity", GroupHeader{Data: 9001, Size: 9001 * 899}, nil},
		{"as much as data", GroupHeader{Data: 26, Parity: 26, Size: 26}, nil},
		{"more than data", GroupHeader{Data: 26, Parity: 27, Size: 26}, ErrLimit},
		{"as many as bytes, of odd slices", GroupHeader{Data: 240, Parity: 16, Size: 240 * 9}, nil},
		{"one more, of odd slices", GroupHeader{Data: 241, Parity: 16, Size: 241 * 9}, ErrFormat},
		{"one more, of even slices", GroupHeader{Data: 241, Parity: 16, Size: 241 * 8}, nil},
		{"as many as one byte can say", GroupHeader{Data: 200, Parity: 127, Size: 200 * 10}, nil},
		{"one more", GroupHeader{Data: 200, Parity: 128, Size: 200 * 10}, ErrLimit},
		{"as costly as may be", GroupHeader{Data: 2048, Parity: 64, Size: 2048 * 1024}, nil},
		{"too costly", GroupHeader{Data: 2048, Parity: 65, Size: 2048 * 1024}, ErrLimit},
		{"too costly, of short slices", GroupHeader{Data: 8192, Parity: 65, Size: 8192 * 2}, ErrLimit},
	} {
		if err := tt.h.Restorable(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}
