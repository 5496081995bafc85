package cmaf

import (
	"encoding/binary"
)

// Flags of the boxes, ISO 14496-12, 8.8.7, 8.8.8 and 8.8.3.
const (
	tfhdBaseOffset      = 0x000001
	tfhdDescription     = 0x000002
	tfhdDuration        = 0x000008
	tfhdSize            = 0x000010
	tfhdFlags           = 0x000020
	tfhdBaseIsMoof      = 0x020000
	trunDataOffset      = 0x000001
	trunFirstFlags      = 0x000004
	trunDuration        = 0x000100
	trunSize            = 0x000200
	trunFlags           = 0x000400
	trunComposition     = 0x000800
	sampleIsNonSync     = 0x00010000
	sampleDependsOnNone = 0x02000000
	sampleDepends       = 0x01000000
)

// run is the samples of one track in a fragment.
type run struct {
	track   uint32
	base    uint64 // decoding time of the first sample, in ticks
	first   int64  // true decoding time of the first sample, which base may be behind; not written
	samples []sample
}

// sample is one of a run.
type sample struct {
	duration    uint32 // ticks
	composition int32  // presentation less decoding time, ticks
	sync        bool
	payload     []byte
}

// marshalFragment is moof and mdat. runs without samples are left out by the caller.
func marshalFragment(sequence uint32, runs []run) []byte {
	total := 0
	moof := 8 + 16
	for i := range runs {
		moof += trafSize(&runs[i])
		for j := range runs[i].samples {
			total += len(runs[i].samples[j].payload)
		}
	}
	b := boxHeader(make([]byte, 0, moof+8+total), moof, "moof")
	b = fullBox(boxHeader(b, 16, "mfhd"), 0, 0)
	b = binary.BigEndian.AppendUint32(b, sequence)
	offset := moof + 8 // from the start of moof
	for i := range runs {
		b = appendTraf(b, &runs[i], offset)
		for j := range runs[i].samples {
			offset += len(runs[i].samples[j].payload)
		}
	}
	b = boxHeader(b, 8+total, "mdat")
	for i := range runs {
		for j := range runs[i].samples {
			b = append(b, runs[i].samples[j].payload...)
		}
	}
	return b
}

// layout says which fields the trun of r needs for each sample, and its size.
func layout(r *run) (flags uint32, entry int) {
	flags, entry = trunDataOffset|trunDuration|trunSize, 8
	for i := range r.samples {
		if !r.samples[i].sync {
			flags |= trunFlags
		}
		if r.samples[i].composition != 0 {
			flags |= trunComposition
		}
	}
	if flags&trunFlags != 0 {
		entry += 4
	}
	if flags&trunComposition != 0 {
		entry += 4
	}
	return flags, entry
}

func trafSize(r *run) int {
	_, entry := layout(r)
	return 8 + 16 + 20 + 20 + entry*len(r.samples)
}

func appendTraf(b []byte, r *run, offset int) []byte {
	flags, entry := layout(r)
	b = boxHeader(b, trafSize(r), "traf")
	b = fullBox(boxHeader(b, 16, "tfhd"), 0, tfhdBaseIsMoof)
	b = binary.BigEndian.AppendUint32(b, r.track)
	b = fullBox(boxHeader(b, 20, "tfdt"), 1, 0)
	b = binary.BigEndian.AppendUint64(b, r.base)
	b = fullBox(boxHeader(b, 20+entry*len(r.samples), "trun"), 1, flags)
	b = binary.BigEndian.AppendUint32(b, uint32(len(r.samples)))
	b = binary.BigEndian.AppendUint32(b, uint32(offset))
	for i := range r.samples {
		s := &r.samples[i]
		b = binary.BigEndian.AppendUint32(b, s.duration)
		b = binary.BigEndian.AppendUint32(b, uint32(len(s.payload)))
		if flags&trunFlags != 0 {
			f := uint32(sampleDependsOnNone)
			if !s.sync {
				f = sampleDepends | sampleIsNonSync
			}
			b = binary.BigEndian.AppendUint32(b, f)
		}
		if flags&trunComposition != 0 {
			b = binary.BigEndian.AppendUint32(b, uint32(s.composition))
		}
	}
	return b
}

func boxHeader(b []byte, size int, name string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(size)), name...)
}

func fullBox(b []byte, version uint8, flags uint32) []byte {
	return binary.BigEndian.AppendUint32(b, uint32(version)<<24|flags)
}
