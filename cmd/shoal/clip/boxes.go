package clip

import (
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// Bytes of the boxes around the samples of a group, as codecs/cmaf writes them; a test compares.
const (
	boxesOfGroup  = 8 + 16 + 8       // moof, mfhd, mdat
	boxesOfTrack  = 8 + 16 + 20 + 20 // traf, tfhd, tfdt, trun
	boxesOfSample = 8                // duration and size
	boxesOfField  = 4                // for each sample, where one of the track needs it: flags, composition time
)

// boxes is the size of the boxes around samples of each track.
func (f *filler) boxes(c *Clip, samples []int, s span) int {
	size := boxesOfGroup
	for i, n := range samples {
		if n == 0 {
			continue
		}
		each := boxesOfSample
		if i == f.track {
			if s.pictures > s.keys { // only a key frame needs no flags
				each += boxesOfField
			}
			if c.Reorder > 0 {
				each += boxesOfField
			}
		}
		size += boxesOfTrack + n*each
	}
	return size
}

// packedSize is the size of a length-prefixed sample in a group: without delimiters, and a key frame with its parameter sets.
func packedSize(c *codecs.H264, sample []byte) (int, error) {
	var unit h264.AVCC
	if err := unit.Unmarshal(sample); err != nil {
		return 0, err
	}
	size, key := 0, false
	sets := map[h264.NALUType]int{h264.NALUTypeSPS: lengthPrefix + len(c.SPS), h264.NALUTypePPS: lengthPrefix + len(c.PPS)}
	for _, nalu := range unit {
		switch kind := h264.NALUType(nalu[0] & 0x1f); kind {
		case h264.NALUTypeAccessUnitDelimiter, h264.NALUTypeEndOfSequence, h264.NALUTypeEndOfStream, h264.NALUTypeFillerData:
			continue
		case h264.NALUTypeIDR:
			key = true
		case h264.NALUTypeSPS, h264.NALUTypePPS:
			delete(sets, kind) // it is there
		}
		size += lengthPrefix + len(nalu)
	}
	if key {
		size += sets[h264.NALUTypeSPS] + sets[h264.NALUTypePPS]
	}
	return size, nil
}
