package cmaf

import (
	"fmt"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

// PackagerConfig describes what is packaged. NewPackager validates it.
type PackagerConfig struct {
	Inputs  []Input             // 1 to chunk.MaxTracks, at most one of them video
	Span    time.Duration       // media time of a group to aim at; 0 means 50 ms; 10 ms to 1 s
	Bitrate uint64              // bits per second, where the caller knows; 0 lets the packager measure
	Now     func() time.Time    // wall clock; nil means time.Now
	Delay   func(time.Duration) // told, for each group, the time from its last unit's NTP to its completion; nil for none
}

// Input is one track as its source announces it.
type Input struct {
	Params    codecs.Codec // parameter sets may be missing where they come in-band
	Timescale uint32       // ticks a second
}

// Unit is what a source delivers at once: one picture, or some frames of audio.
type Unit struct {
	Track int       // index in PackagerConfig.Inputs
	PTS   int64     // ticks of the track; all tracks count from one zero
	NTP   time.Time // when it was captured, by the source's wall clock; zero when unknown
	Data  [][]byte  // NAL units or OBUs of one picture, one VP9 frame, or frames of audio in a row; not kept
}

// Packager cuts units into groups: as many whole frames of video as fit in the span, at least one, with the audio
// that has come by then. A picture that decoding can begin at starts a group. Audio alone makes groups of its
// own where there is no video, or none for longer than a group.
//
// It hands a group over as soon as its last frame is written. The first is that of the first picture at which
// decoding can begin; audio from before it is dropped. When parameters change, or time jumps, it starts a new epoch at the next
// such picture.
type Packager struct {
	cfg      PackagerConfig
	sink     ingest.Sink
	inputs   []*input
	lead     *input        // the video, or the first audio
	running  bool          // an epoch has begun
	resync   bool          // pictures are dropped until decoding can begin
	stale    bool          // time has jumped: an epoch begins at the next picture of access
	sequence uint32        // of the last fragment
	time     time.Duration // of the last group
	access   bool          // the group that is being gathered began with a random-access unit
	early    []Unit        // audio from before the first picture, at most maxEarly
	ntp      time.Time     // of the newest unit in the group
	born     time.Time     // of the last group
	meter    meter
}

// Bounds of the packager.
const (
	defaultSpan = 50 * time.Millisecond
	maxEarly    = 128              // units of audio kept until the first picture comes
	maxJump     = 10 * time.Second // a longer hole begins a new epoch
	maxAlone    = 100 * time.Millisecond
	maxStrays   = 100 // units of audio out of time, in a row, before a new epoch
)

// NewPackager hands groups to sink. Errors: [ingest.ErrConfig], naming the field; [ingest.ErrCodec], naming the track.
func NewPackager(cfg PackagerConfig, sink ingest.Sink) (*Packager, error) {
	if cfg.Span == 0 {
		cfg.Span = defaultSpan
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	switch {
	case cfg.Span < 10*time.Millisecond || cfg.Span > time.Second:
		return nil, fmt.Errorf("%w: span %v is not in 10ms..1s", ingest.ErrConfig, cfg.Span)
	case len(cfg.Inputs) == 0 || len(cfg.Inputs) > chunk.MaxTracks:
		return nil, fmt.Errorf("%w: %d tracks, not 1 to %d", ingest.ErrConfig, len(cfg.Inputs), chunk.MaxTracks)
	}
	p := &Packager{cfg: cfg, sink: sink}
	for i, in := range cfg.Inputs {
		k, err := newInput(uint32(i+1), in)
		if err != nil {
			return nil, fmt.Errorf("track %d: %w", i+1, err)
		}
		if k.video != nil {
			if p.lead != nil {
				return nil, fmt.Errorf("%w: more than one track of video", ingest.ErrConfig)
			}
			p.lead = k
		}
		p.inputs = append(p.inputs, k)
	}
	if p.lead == nil {
		p.lead = p.inputs[0]
	}
	return p, nil
}

// Write takes the next unit of a track, in decoding order. Errors are the sink's; [ingest.ErrCodec] when the pictures of
// the source cannot be put in order or their parameters cannot be read.
func (p *Packager) Write(u Unit) error {
	if u.Track < 0 || u.Track >= len(p.inputs) {
		return fmt.Errorf("cmaf: unit of track %d of %d", u.Track, len(p.inputs))
	}
	p.meter.add(u.Data, p.cfg.Now())
	k := p.inputs[u.Track]
	if k.video != nil {
		return p.writeVideo(k, u)
	}
	if !p.running {
		if k != p.lead {
			p.keepEarly(u)
			return nil
		}
		p.early = nil
		if err := p.begin(u.PTS); err != nil {
			return err
		}
	}
	return p.writeAudio(k, u)
}

// Running tells that an epoch has begun: Tracks was called.
func (p *Packager) Running() bool { return p.running }

// Flush hands over what has been gathered, for a source that ends.
func (p *Packager) Flush() error {
	if !p.running {
		return nil
	}
	return p.cut()
}

// keepEarly holds audio back, oldest out first, until it is known where the epoch begins.
func (p *Packager) keepEarly(u Unit) {
	if len(p.early) == maxEarly {
		p.early = append(p.early[:0], p.early[1:]...)
	}
	data := make([][]byte, len(u.Data))
	for i, d := range u.Data {
		data[i] = append([]byte(nil), d...)
	}
	u.Data = data
	p.early = append(p.early, u)
}

// begin starts an epoch whose zero is at, in ticks of the lead.
func (p *Packager) begin(at int64) error {
	var in Init
	for _, k := range p.inputs {
		t, err := NewTrack(k.id, k.scale, k.params)
		if err != nil {
			return fmt.Errorf("track %d: %w", k.id, err)
		}
		in.Tracks = append(in.Tracks, t)
	}
	init, err := in.Marshal()
	if err != nil {
		return err
	}
	zero := ticksToTime(at, p.lead.scale)
	for _, k := range p.inputs {
		k.begin(timeToTicks(zero, k.scale))
	}
	p.lead.begin(at)
	p.running, p.resync, p.stale, p.sequence, p.time = true, false, false, 0, 0
	bitrate := p.cfg.Bitrate
	if bitrate == 0 {
		bitrate = p.meter.bitrate()
	}
	return p.sink.Tracks(ingest.Media{
		Tracks: in.Describe(), Init: init, Bitrate: bitrate, RandomAccess: p.lead.interval,
	})
}

// meter measures the rate of what is written.
type meter struct {
	first, last time.Time
	bytes       uint64
}

func (m *meter) add(data [][]byte, now time.Time) {
	if m.first.IsZero() {
		m.first = now
	}
	m.last = now
	for _, d := range data {
		m.bytes += uint64(len(d))
	}
}

// bitrate is bits per second; 0 before half a second has been seen.
func (m *meter) bitrate() uint64 {
	elapsed := m.last.Sub(m.first)
	if elapsed < time.Second/2 {
		return 0
	}
	return uint64(float64(m.bytes) * 8 / elapsed.Seconds())
}
