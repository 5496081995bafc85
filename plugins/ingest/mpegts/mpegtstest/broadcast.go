// Package mpegtstest sends the bundled clips as MPEG-TS, to test whatever reads it. Only tests import it.
package mpegtstest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	ts "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	tscodecs "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
)

// Datagram is the most bytes of one write: seven packets, as everybody sends them.
const Datagram = 7 * 188

// Broadcast is one transport stream of clips, each played again and again. Its tracks are those of the clip that plays.
type Broadcast struct {
	Zero    int64                     // where time begins, in ticks of 1/90000 s; it wraps at 33 bits
	Silent  []Track                   // announced beside the clip's
	Mute    bool                      // leave the clip's sound out
	Length  time.Duration             // of the whole; 0 for endless
	At      func(time.Duration) error // called before each unit with the time at which it is due; nil sends as fast as it goes
	began   atomic.Int64              // when it began to be sent live, in Unix microseconds
	next    atomic.Pointer[string]
	w       io.Writer
	buf     bytes.Buffer
	base    time.Duration // where the clip began
	mux     *ts.Writer
	carried string // what mux has been made for
}

// Track is one of the demuxer's library.
type Track = ts.Track

// Change goes on with another clip, with the next unit.
func (b *Broadcast) Change(clip string) { b.next.Store(&clip) }

// Live makes it wait until each unit is due, or ctx ends.
func (b *Broadcast) Live(ctx context.Context) {
	start := time.Now()
	b.began.Store(start.UnixMicro())
	b.At = func(at time.Duration) error {
		timer := time.NewTimer(time.Until(start.Add(at)))
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		}
	}
}

// Delays are those from the last picture of each group being sent to the group being born, of a clip that is sent live, has no
// B-frames, a key frame every second and a picture every 33 ms.
func (b *Broadcast) Delays(e Epoch) []time.Duration {
	const frame = time.Second / 30
	var delays []time.Duration
	for _, g := range e.Groups {
		born := time.Duration(g.Born-b.began.Load()) * time.Microsecond
		delays = append(delays, mod(born-g.Time-(g.Span-frame), time.Second)) // the epoch began at a whole second
	}
	slices.Sort(delays)
	return delays
}

// Play sends until w or At fails, or Length is over.
func (b *Broadcast) Play(w io.Writer, name string) error {
	b.w, b.base, b.mux, b.carried = w, 0, nil, ""
	for {
		err := b.clip(name)
		changed := b.next.Swap(nil)
		if !errors.Is(err, errNext) || changed == nil {
			return err
		}
		name = *changed
	}
}

var errNext = errors.New("the next clip")

// clip plays one until it is changed.
func (b *Broadcast) clip(name string) error {
	c, err := clip.Open(name)
	if err != nil {
		return err
	}
	if b.Mute {
		c.Tracks = c.Tracks[:1]
	}
	if err := b.open(c); err != nil {
		return err
	}
	place := make([]int, len(c.Tracks))
	var last time.Duration
	for {
		best, at := 0, time.Duration(1<<62)
		for i, n := range place {
			k := c.Tracks[i].Samples
			if due := k[n%len(k)].DTS + time.Duration(n/len(k))*c.Duration; due < at {
				best, at = i, due
			}
		}
		if b.next.Load() != nil {
			b.base += last
			return errNext
		}
		if b.Length > 0 && b.base+at >= b.Length {
			return nil
		}
		if b.At != nil {
			if err := b.At(b.base + at + c.Reorder); err != nil {
				return err
			}
		}
		k := c.Tracks[best]
		s := k.Samples[place[best]%len(k.Samples)]
		if err := b.unit(best, &k, &s, b.base+at+c.Reorder); err != nil {
			return err
		}
		place[best]++
		last = max(last, at+s.Duration)
	}
}

// open describes c's tracks, unless they are of the codecs that are being sent already.
func (b *Broadcast) open(c *clip.Clip) error {
	carried := ""
	var tracks []*ts.Track
	for _, k := range c.Tracks {
		carried += fmt.Sprintf("%T ", k.Codec)
		t := &ts.Track{}
		switch p := k.Codec.(type) {
		case *codecs.H264:
			t.Codec = &tscodecs.H264{}
		case *codecs.H265:
			t.Codec = &tscodecs.H265{}
		case *codecs.Opus:
			t.Codec = &tscodecs.Opus{ChannelCount: p.ChannelCount}
		case *codecs.MPEG4Audio:
			t.Codec = &tscodecs.MPEG4Audio{Config: p.Config}
		default:
			return fmt.Errorf("mpegtstest: %T is not for MPEG-TS", p)
		}
		tracks = append(tracks, t)
	}
	if carried == b.carried {
		return nil
	}
	for i := range b.Silent {
		tracks = append(tracks, &ts.Track{Codec: b.Silent[i].Codec})
	}
	b.carried, b.mux = carried, &ts.Writer{W: &b.buf, Tracks: tracks}
	return b.mux.Initialize()
}

// unit sends one sample, decoded at at.
func (b *Broadcast) unit(i int, k *clip.Track, s *clip.Sample, at time.Duration) error {
	data, err := s.Payload()
	if err != nil {
		return err
	}
	dts := ticks(at) + b.Zero
	pts := dts + ticks(s.PTS-s.DTS)
	t := b.mux.Tracks[i]
	switch p := k.Codec.(type) {
	case *codecs.H264:
		var sets [][]byte
		if s.Key {
			sets = [][]byte{p.SPS, p.PPS}
		}
		err = b.mux.WriteH264(t, pts, dts, append(sets, nalus(data)...))
	case *codecs.H265:
		var sets [][]byte
		if s.Key {
			sets = [][]byte{p.VPS, p.SPS, p.PPS}
		}
		err = b.mux.WriteH265(t, pts, dts, append(sets, nalus(data)...))
	case *codecs.Opus:
		err = b.mux.WriteOpus(t, pts, [][]byte{data})
	case *codecs.MPEG4Audio:
		err = b.mux.WriteMPEG4Audio(t, pts, [][]byte{data})
	}
	for err == nil && b.buf.Len() > 0 {
		_, err = b.w.Write(b.buf.Next(Datagram))
	}
	b.buf.Reset()
	return err
}

// nalus splits a sample as MP4 has it.
func nalus(b []byte) [][]byte {
	var units [][]byte
	for len(b) >= 4 {
		n := binary.BigEndian.Uint32(b)
		units = append(units, b[4:4+n])
		b = b[4+n:]
	}
	return units
}

func ticks(d time.Duration) int64 { return (int64(d)*9 + 50000) / 100000 }
