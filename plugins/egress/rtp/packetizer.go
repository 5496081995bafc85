package rtp

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/codecs/cmaf/rtptrack"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/plugins/egress/feed"
)

// firstPayloadType is that of the first track; dynamic ones begin here.
const firstPayloadType = 96

// Unit is one sample as packets.
type Unit struct {
	Track    int           // index in the session's medias
	PTS      time.Duration // since the timeline began
	DTS      time.Duration
	Duration time.Duration
	NTP      time.Time // of PTS, by the source's clock
	Kind     chunk.Kind
	Key      bool // a picture at which decoding can begin
	Packets  []*rtp.Packet
}

// Batch is what became of a group, in order of decoding.
type Batch struct {
	Units []Unit
	Start bool // readers can begin with the first of them
}

// Formats says what an epoch means to readers.
type Formats uint8

// The answers.
const (
	Changed Formats = 1 // the description is a new one
	Same    Formats = 2 // they can read on
)

// Packetizer follows a feed. Its zero value waits for the first Begin.
type Packetizer struct {
	tracker feed.Tracker
	clock   feed.Clock
	tracks  []track
	session *description.Session

	began  bool          // a group of the epoch has been seen
	origin time.Duration // of the epoch, on the timeline
	zero   time.Time     // of the timeline
	end    time.Duration // of what was packetized, on the timeline
}

// track is one elementary stream.
type track struct {
	cmaf    cmaf.Track
	format  format.Format
	encoder *rtptrack.Encoder
	random  uint32 // RTP time at the timeline's zero
}

// Begin starts an epoch. Errors: feed.ErrEpoch.
func (p *Packetizer) Begin(d *chunk.Descriptor) (Formats, error) {
	if err := p.tracker.Begin(d); err != nil {
		return Changed, err
	}
	p.clock.Reset()
	p.began = false
	init := p.tracker.Unpackager().Init()
	if p.sameAs(init) {
		return Same, nil
	}
	p.tracks, p.session, p.zero, p.end = nil, &description.Session{Title: d.Name}, time.Time{}, 0
	for i := range init.Tracks {
		if err := p.add(&init.Tracks[i]); err != nil {
			p.tracker, p.tracks, p.session = feed.Tracker{}, nil, nil
			return Changed, fmt.Errorf("%w: epoch %d: %w", feed.ErrEpoch, d.Epoch, err)
		}
	}
	return Changed, nil
}

func (p *Packetizer) sameAs(init *cmaf.Init) bool {
	if len(p.tracks) != len(init.Tracks) {
		return false
	}
	for i := range p.tracks {
		if !reflect.DeepEqual(p.tracks[i].cmaf, init.Tracks[i]) {
			return false
		}
	}
	return true
}

func (p *Packetizer) add(t *cmaf.Track) error {
	f, err := rtptrack.Format(t, uint8(firstPayloadType+len(p.tracks)))
	if err != nil {
		return err
	}
	e, err := rtptrack.NewEncoder(f)
	if err != nil {
		return err
	}
	kind := description.MediaTypeVideo
	if t.Kind == chunk.Audio {
		kind = description.MediaTypeAudio
	}
	p.tracks = append(p.tracks, track{cmaf: *t, format: f, encoder: e, random: rand.Uint32()})
	p.session.Medias = append(p.session.Medias, &description.Media{Type: kind, Formats: []format.Format{f}})
	return nil
}

// Session describes the epoch's formats. It stays the same object while epochs are Same. Read only.
func (p *Packetizer) Session() *description.Session { return p.session }

// Gap notes that media is missing.
func (p *Packetizer) Gap() { p.tracker.Gap() }

// Media turns a group into units; none when it cannot be used. Units and what they hold are made anew and may be
// kept. An error means that the group, or a sample of it, is malformed and was left out.
func (p *Packetizer) Media(g *chunk.Group) (Batch, error) {
	use, samples, err := p.tracker.Media(g)
	if use == feed.Nothing {
		return Batch{}, err
	}
	p.place(g)
	var b Batch
	u := p.tracker.Unpackager()
	for i := range samples {
		t := &p.tracks[samples[i].Track]
		if use == feed.AudioOnly && t.cmaf.Kind == chunk.Video {
			continue
		}
		unit, err := p.unit(u, &samples[i])
		if err != nil {
			p.tracker.Gap()
			return b, fmt.Errorf("group %d: %w", g.Group, err)
		}
		b.Units = append(b.Units, unit)
		b.Start = b.Start || unit.Key || !p.tracker.HasVideo()
	}
	return b, nil
}

// place puts an epoch's first group on the timeline: where the source's clock says, but never back.
func (p *Packetizer) place(g *chunk.Group) {
	p.clock.Observe(&g.GroupHeader)
	if p.began {
		return
	}
	p.began = true
	if p.zero.IsZero() {
		p.zero = p.clock.At(0)
	}
	p.origin = max(p.clock.At(0).Sub(p.zero), p.end-g.Time)
}

func (p *Packetizer) unit(u *cmaf.Unpackager, s *cmaf.Sample) (Unit, error) {
	t := &p.tracks[s.Track]
	data, err := u.Units(s)
	if err != nil {
		return Unit{}, err
	}
	packets, err := t.encoder.Encode(data)
	if err != nil {
		return Unit{}, err
	}
	pts := t.cmaf.Duration(s.PTS)
	unit := Unit{
		Track: s.Track, Kind: t.cmaf.Kind, Packets: packets,
		PTS: p.origin + pts, DTS: p.origin + t.cmaf.Duration(s.DTS), Duration: t.cmaf.Duration(s.Duration),
		NTP: p.clock.At(pts), Key: s.RandomAccess && t.cmaf.Kind == chunk.Video,
	}
	p.end = max(p.end, unit.DTS+unit.Duration)
	at := t.random + uint32(ticks(unit.PTS, t.format.ClockRate()))
	for _, packet := range packets {
		packet.Timestamp += at
	}
	return unit, nil
}

// ticks is d at rate ticks a second, rounded to the nearest.
func ticks(d time.Duration, rate int) int64 {
	sec, rest := int64(d/time.Second), int64(d%time.Second)
	return sec*int64(rate) + (rest*int64(rate)+int64(time.Second)/2)/int64(time.Second)
}
