// Package zstd shortens descriptors and control metadata. Media is never compressed: it is already.
//
//	packed = 0 bytes | 1 length zstd-frame     length is that of the bytes, an unsigned varint. Below Threshold,
//	or where zstd gains nothing, bytes stand as they are
package zstd

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/shoal-live/shoal/core/chunk"
)

// Threshold is the length in bytes below which compression gains nothing.
const Threshold = 100

const (
	stored     = 0
	compressed = 1
)

// One encoder and one decoder serve everybody: EncodeAll and DecodeAll keep no state between calls.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<18), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // the options above are constant
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			panic(err) // the options above are constant
		}
		return d
	})
)

// Compress appends the packed form of src to dst. It may be called by several goroutines at once.
func Compress(dst, src []byte) []byte {
	start := len(dst)
	if len(src) >= Threshold {
		out := encoder().EncodeAll(src, binary.AppendUvarint(append(dst, compressed), uint64(len(src))))
		if len(out)-start <= len(src) {
			return out
		}
		dst = out[:start]
	}
	return append(append(dst, stored), src...)
}

// Decompress appends what Compress was given to dst. Errors: chunk.ErrFormat; chunk.ErrLimit when it would be more
// than most bytes, found without unpacking more than that. It may be called by several goroutines at once.
func Decompress(dst, src []byte, most int) ([]byte, error) {
	if len(src) == 0 {
		return dst, fmt.Errorf("%w: packed data is empty", chunk.ErrFormat)
	}
	switch src[0] {
	case stored:
		if len(src)-1 > most {
			return dst, tooLong(most)
		}
		return append(dst, src[1:]...), nil
	case compressed:
		size, n := binary.Uvarint(src[1:])
		if n <= 0 {
			return dst, fmt.Errorf("%w: packed data without a length", chunk.ErrFormat)
		}
		if size > uint64(most) {
			return dst, tooLong(most)
		}
		// The decoder stops where the capacity ends, whatever the frames say.
		out, err := decoder().DecodeAll(src[1+n:], make([]byte, 0, size))
		if err != nil {
			return dst, fmt.Errorf("%w: %w", chunk.ErrFormat, err)
		}
		if uint64(len(out)) != size {
			return dst, fmt.Errorf("%w: packed data unpacks to %d bytes, not %d", chunk.ErrFormat, len(out), size)
		}
		return append(dst, out...), nil
	}
	return dst, fmt.Errorf("%w: packed data begins with %d", chunk.ErrFormat, src[0])
}

func tooLong(most int) error {
	return fmt.Errorf("%w: unpacked data of more than %d bytes", chunk.ErrLimit, most)
}
