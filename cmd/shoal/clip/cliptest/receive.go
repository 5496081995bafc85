package cliptest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/rtp"
)

// Recording is what a reader got, from the first key frame on.
type Recording struct {
	Tracks []*Track // video before audio, each with at least one unit
}

// Track is one track of a recording.
type Track struct {
	Codec     codecs.Codec
	ClockRate int64 // RTP ticks a second
	Units     []Unit

	unpack unpacker
	clock  rtpClock
}

// Unit is one access unit.
type Unit struct {
	Payload []byte // as it stands in an MP4
	Ticks   int64  // RTP timestamp, without wrap-around
	DTS     int64  // ticks
	Key     bool
}

// rtpClock unwraps RTP timestamps and ties them to the sender's wall clock.
type rtpClock struct {
	started bool
	last    int64
	ticks   int64     // at ntp
	ntp     time.Time // zero until a sender report came
}

// unwrap extends a 32-bit timestamp, near the last one, to 64 bits.
func (c *rtpClock) unwrap(timestamp uint32) int64 {
	if !c.started {
		c.started, c.last = true, int64(timestamp)
		return c.last
	}
	c.last += int64(int32(timestamp - uint32(c.last)))
	return c.last
}

// Time is when the sender captured u, by its own clock; false without a sender
// report.
func (t *Track) Time(u Unit) (time.Time, bool) {
	if t.clock.ntp.IsZero() {
		return time.Time{}, false
	}
	return t.clock.ntp.Add(t.duration(u.Ticks - t.clock.ticks)), true
}

func (t *Track) duration(ticks int64) time.Duration {
	return time.Duration(float64(ticks) / float64(t.ClockRate) * float64(time.Second))
}

// Receive reads url until it has length of video counted from a key frame (of
// audio, without video). The error names url; nothing is left running.
func Receive(ctx context.Context, url string, length time.Duration) (*Recording, error) {
	r, err := receive(ctx, url, length)
	if err != nil {
		return nil, fmt.Errorf("cliptest: receive %s: %w", url, err)
	}
	return r, nil
}

func receive(ctx context.Context, url string, length time.Duration) (*Recording, error) {
	u, err := base.ParseURL(url)
	if err != nil {
		return nil, err
	}
	overTCP := gortsplib.ProtocolTCP
	client := &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Protocol: &overTCP}
	if err := client.Start(); err != nil {
		return nil, err
	}
	defer client.Close()
	defer context.AfterFunc(ctx, client.Close)()

	desc, _, err := client.Describe(u)
	if err != nil {
		return nil, err
	}
	if err := client.SetupAll(desc.BaseURL, desc.Medias); err != nil {
		return nil, err
	}
	r := &recorder{client: client, length: length, full: make(chan struct{})}
	if err := r.addTracks(desc); err != nil {
		return nil, err
	}
	if _, err := client.Play(nil); err != nil {
		return nil, err
	}
	gone := make(chan error, 1)
	go func() { gone <- client.Wait() }()
	select {
	case <-r.full:
		client.Close()
		<-gone
		return r.result()
	case err := <-gone:
		return nil, errors.Join(ctx.Err(), err)
	}
}

// recorder collects units; gortsplib calls back from one goroutine a client.
type recorder struct {
	client *gortsplib.Client
	length time.Duration

	mu      sync.Mutex
	tracks  []*Track
	err     error
	full    chan struct{} // closed when there is enough, or on err
	stopped bool
}

func (r *recorder) addTracks(desc *description.Session) error {
	for _, medi := range desc.Medias {
		for _, f := range medi.Formats {
			codec, unpack, err := newUnpacker(f)
			if err != nil {
				return err
			}
			t := &Track{Codec: codec, ClockRate: int64(f.ClockRate()), unpack: unpack}
			r.tracks = append(r.tracks, t)
			r.client.OnPacketRTP(medi, f, func(pkt *rtp.Packet) { r.packet(t, medi, pkt) })
		}
	}
	slices.SortStableFunc(r.tracks, func(a, b *Track) int { return rank(a) - rank(b) })
	return nil
}

// rank puts video first.
func rank(t *Track) int {
	if t.Codec.IsVideo() {
		return 0
	}
	return 1
}

// packet takes one RTP packet of t.
func (r *recorder) packet(t *Track, medi *description.Media, pkt *rtp.Packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	ticks := t.clock.unwrap(pkt.Timestamp)
	if ntp, ok := r.client.PacketNTP(medi, pkt); ok {
		t.clock.ticks, t.clock.ntp = ticks, ntp
	}
	units, err := t.unpack(pkt, ticks)
	if err != nil {
		r.stop(err)
		return
	}
	for _, u := range units {
		main := r.tracks[0]
		if !u.Key && len(t.Units) == 0 || t != main && len(main.Units) == 0 {
			continue // nothing counts before the first key frame
		}
		t.Units = append(t.Units, u)
	}
	if t == r.tracks[0] && len(t.Units) > 0 {
		if have := ticks - t.Units[0].Ticks; have >= int64(r.length.Seconds()*float64(t.ClockRate)) {
			r.stop(nil)
		}
	}
}

// stop ends the recording; the caller holds mu.
func (r *recorder) stop(err error) {
	r.err, r.stopped = err, true
	close(r.full)
}

func (r *recorder) result() (*Recording, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return nil, r.err
	}
	for _, t := range r.tracks {
		if len(t.Units) == 0 {
			return nil, fmt.Errorf("track %T has no units in %v", t.Codec, r.length)
		}
	}
	return &Recording{Tracks: r.tracks}, nil
}
