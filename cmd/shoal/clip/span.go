package clip

import (
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// slack is how much too early a picture may be for its span: times are rounded.
const slack = time.Millisecond

// span is what a clip has for one span of a Fill: its pictures, and the sound that is sent between the last picture before
// it and its own last picture. That is how a source cuts a group, the moment that its last picture is there.
type span struct {
	number   int64 // from 0
	pictures int
	keys     int // of the pictures
	bytes    int // of the group, without filler
}

// measure moves p behind the last picture of the span that its next one is in, and says what it came past.
func (f *filler) measure(p *player) (span, error) {
	video := p.tracks[f.track]
	s := span{number: f.number(p)}
	samples := make([]int, len(p.tracks))
	for {
		i, ok := p.nextTrack()
		if !ok {
			break
		}
		t := p.tracks[i]
		sample := t.sample()
		samples[i]++
		size := sample.Size
		if t == video {
			s.pictures++
			if sample.Key {
				s.keys++
			}
			data, err := p.load(i)
			if err != nil {
				return span{}, err
			}
			if size, err = packedSize(t.track.Codec.(*codecs.H264), data); err != nil {
				return span{}, err
			}
		}
		s.bytes += size
		p.advance(i)
		if t == video && (p.over(t) || f.number(p) != s.number) {
			break
		}
	}
	s.bytes += f.boxes(p.clip, samples, s)
	return s, nil
}

// holds says whether the next sample of track i of p, at at, waits. Sound goes right after the picture that ends its time, and never
// in between the last picture of a GOP and a key frame, where a source would make a group of its own of it. A group so
// has its sound well before its last picture: a source that sees 100 ms of sound first would not wait for that.
func (f *filler) holds(p *player, i int, at time.Duration) bool {
	t := p.tracks[f.track]
	if i == f.track || p.over(t) {
		return false
	}
	pictures := t.track.Samples
	before := pictures[(t.next+len(pictures)-1)%len(pictures)]
	return at > p.shown || t.sample().Key && !before.Key
}

// number is that of the span that the next picture of p is in.
func (f *filler) number(p *player) int64 {
	t := p.tracks[f.track]
	at := t.sample().DTS - f.start + time.Duration(t.loop)*p.clip.Duration
	return int64((at + slack) / f.fill.Span)
}
