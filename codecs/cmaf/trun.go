package cmaf

import (
	"fmt"

	"github.com/shoal-live/shoal/core/chunk"
)

// trun appends the samples of one run. Their number and their bytes are bounded by the fragment as it is, not by
// what the box says: a run may leave every field of its samples to defaults, and runs may point at the same bytes.
func (p *parser) trun(t *traf, body []byte) error {
	r := reader{b: body}
	head := r.u32()
	version, flags := head>>24, head&0xffffff
	count := r.u32()
	if len(p.samples)-p.first+int(min(count, MaxSamples+1)) > MaxSamples {
		return fmt.Errorf("%w: more than %d samples", chunk.ErrLimit, MaxSamples)
	}
	at := int64(t.data)
	if flags&trunDataOffset != 0 {
		at = int64(t.moof) + int64(int32(r.u32()))
	} else if at == 0 {
		return fmt.Errorf("%w: trun without data offset", chunk.ErrFormat)
	}
	first := t.flags
	if flags&trunFirstFlags != 0 {
		first = r.u32()
	}
	for i := range count {
		duration, size, sampleFlags, composition := t.duration, t.size, t.flags, uint32(0)
		if i == 0 {
			sampleFlags = first
		}
		if flags&trunDuration != 0 {
			duration = r.u32()
		}
		if flags&trunSize != 0 {
			size = r.u32()
		}
		if flags&trunFlags != 0 {
			sampleFlags = r.u32()
		}
		if flags&trunComposition != 0 {
			composition = r.u32()
		}
		offset := int64(int32(composition))
		if version == 0 {
			offset = int64(composition)
		}
		p.bytes += int64(size)
		switch {
		case r.short:
			return r.err("trun")
		case size == 0 || at < 0 || at+int64(size) > int64(len(p.whole)) || p.bytes > int64(len(p.whole)):
			return fmt.Errorf("%w: sample of %d bytes at offset %d", chunk.ErrFormat, size, at)
		}
		p.samples = append(p.samples, Sample{
			Track: t.track, DTS: t.time, PTS: t.time + offset, Duration: int64(duration),
			RandomAccess: sampleFlags&sampleIsNonSync == 0,
			Payload:      p.whole[at : at+int64(size) : at+int64(size)],
		})
		at += int64(size)
		t.time += int64(duration)
	}
	t.data = int(at)
	return r.err("trun")
}
