package cmaf

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// MaxSamples is the number of samples of one fragment, over all tracks. A group is a second of media at most.
const MaxSamples = 4096

// Sample is one access unit of one track: a picture, or a frame of audio.
type Sample struct {
	Track        int   // index in Init.Tracks
	PTS          int64 // when it is presented, in ticks of the track, since the epoch began
	DTS          int64 // when it is decoded, never decreasing within a track
	Duration     int64 // ticks, as predicted by the source
	RandomAccess bool  // decoding can begin here; always so for audio
	Payload      []byte
}

// Unpackager takes the fragments of one epoch apart.
type Unpackager struct {
	init *Init
}

// NewUnpackager reads fragments that init describes. init is read only from here on.
func NewUnpackager(init *Init) *Unpackager { return &Unpackager{init: init} }

// Init is what the Unpackager was made with.
func (u *Unpackager) Init() *Init { return u.init }

// Parse appends the samples of fragment to dst, over all tracks in order of their decoding time, video first where
// equal. Payloads alias fragment. Errors: [chunk.ErrFormat]; [chunk.ErrLimit] for more than MaxSamples. On
// an error dst comes back as it was.
func (u *Unpackager) Parse(dst []Sample, fragment []byte) ([]Sample, error) {
	p := parser{init: u.init, whole: fragment, samples: dst, first: len(dst)}
	if err := p.fragment(); err != nil {
		return dst, fmt.Errorf("cmaf: fragment: %w", err)
	}
	slices.SortStableFunc(p.samples[len(dst):], func(a, b Sample) int {
		if c := cmp.Compare(u.decode(&a), u.decode(&b)); c != 0 || a.Track == b.Track {
			return c
		}
		return cmp.Compare(u.init.Tracks[a.Track].Kind, u.init.Tracks[b.Track].Kind)
	})
	return p.samples, nil
}

// PTS is the presentation time of s, since the epoch began.
func (u *Unpackager) PTS(s *Sample) time.Duration {
	return u.init.Tracks[s.Track].Duration(s.PTS)
}

func (u *Unpackager) decode(s *Sample) time.Duration {
	return u.init.Tracks[s.Track].Duration(s.DTS)
}

// parser holds one fragment.
type parser struct {
	init    *Init
	whole   []byte
	samples []Sample
	first   int   // samples before it are the caller's
	bytes   int64 // of payload so far
	moofs   int
	mdats   int
}

func (p *parser) fragment() error {
	err := eachBox(p.whole, func(b box) error {
		switch string(b.name[:]) {
		case "moof":
			p.moofs++
			return p.moof(b)
		case "mdat":
			p.mdats++
		}
		return nil // styp, sidx, prft, emsg and what is not known yet
	})
	switch {
	case err != nil:
		return err
	case p.moofs == 0 || p.mdats < p.moofs:
		return fmt.Errorf("%w: %d moof and %d mdat", chunk.ErrFormat, p.moofs, p.mdats)
	}
	return nil
}

func (p *parser) moof(moof box) error {
	return eachBox(moof.body, func(b box) error {
		if !b.is("traf") {
			return nil
		}
		t := traf{moof: moof.start}
		if err := eachBox(b.body, func(b box) error { return p.inTraf(&t, b) }); err != nil {
			return err
		}
		if !t.head || !t.timed {
			return fmt.Errorf("%w: traf without tfhd or tfdt", chunk.ErrFormat)
		}
		return nil
	})
}

// traf is what the boxes of one traf have said so far.
type traf struct {
	moof        int // offset of its moof
	track       int // index in Init.Tracks
	time        int64
	data        int // where the next run begins when it does not say
	duration    uint32
	size        uint32
	flags       uint32
	head, timed bool
}

func (p *parser) inTraf(t *traf, b box) error {
	switch string(b.name[:]) {
	case "tfhd":
		return p.tfhd(t, b.body)
	case "tfdt":
		r := reader{b: b.body}
		version := r.u32() >> 24
		v := uint64(0)
		if version == 0 {
			v = uint64(r.u32())
		} else {
			v = r.u64()
		}
		if v > 1<<60 {
			return fmt.Errorf("%w: decoding time %d", chunk.ErrFormat, v)
		}
		t.time, t.timed = int64(v), true
		return r.err("tfdt")
	case "trun":
		if !t.head || !t.timed {
			return fmt.Errorf("%w: trun before tfhd or tfdt", chunk.ErrFormat)
		}
		return p.trun(t, b.body)
	}
	return nil
}

func (p *parser) tfhd(t *traf, body []byte) error {
	r := reader{b: body}
	flags := r.u32() & 0xffffff
	id := r.u32()
	t.track = slices.IndexFunc(p.init.Tracks, func(k Track) bool { return k.ID == id })
	if t.track < 0 {
		return fmt.Errorf("%w: track %d is not in the init segment", chunk.ErrFormat, id)
	}
	if flags&tfhdBaseOffset != 0 {
		return fmt.Errorf("%w: data addressed by absolute offsets", chunk.ErrFormat)
	}
	if flags&tfhdDescription != 0 {
		r.u32()
	}
	if flags&tfhdDuration != 0 {
		t.duration = r.u32()
	}
	if flags&tfhdSize != 0 {
		t.size = r.u32()
	}
	if flags&tfhdFlags != 0 {
		t.flags = r.u32()
	}
	t.head = true
	return r.err("tfhd")
}
