package clip

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pion/rtp"
)

// maxLate is how far a player may fall behind before it skips.
const maxLate = time.Second

// player walks the endless timeline of a clip and hands out packets when they
// are due. It is one goroutine's.
type player struct {
	clip   *Clip
	loops  int // 0: endless
	tracks []*cursor
	filler *filler       // nil for none
	shown  time.Duration // decoding time of the newest picture sent, without skew, where there is a filler
	write  func(track int, pkt *rtp.Packet, ntp time.Time) error

	start time.Time     // the wall clock at media time 0
	skew  time.Duration // skipped so far; part of every media time
}

// cursor is a track's place on the timeline.
type cursor struct {
	packetizer
	track       Track
	randomStart uint32 // of the RTP timestamps
	next        int    // sample
	loop        int
}

func newPlayer(c *Clip, loops int) (*player, error) {
	p := &player{clip: c, loops: loops}
	for i, t := range c.Tracks {
		pack, err := newPacketizer(t.Codec, uint8(96+i))
		if err != nil {
			return nil, err
		}
		p.tracks = append(p.tracks, &cursor{packetizer: pack, track: t, randomStart: rand.Uint32()})
	}
	return p, nil
}

// run sends until the loops are over (nil), ctx ends (its error), gone is
// closed (nil), or a sample or packet fails.
func (p *player) run(ctx context.Context, gone <-chan struct{}) error {
	p.start = time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		i, ok := p.nextTrack()
		if !ok {
			return nil
		}
		due := p.start.Add(p.mediaTime(p.tracks[i].sample().DTS, p.tracks[i].loop) + p.clip.Reorder)
		if late := time.Since(due); late > maxLate {
			p.skew += late
			continue
		} else if late < 0 {
			timer.Reset(-late)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return ctx.Err()
			case <-gone:
				return nil
			}
		}
		if err := p.send(i); err != nil {
			return err
		}
	}
}

// mediaTime places a time inside a loop on the endless timeline.
func (p *player) mediaTime(inLoop time.Duration, loop int) time.Duration {
	return inLoop + time.Duration(loop)*p.clip.Duration + p.skew
}

// nextTrack is the track whose next sample is decoded first; false when all
// loops are over. Where there is a filler, sound waits for the picture that ends
// its time (see [Fill]).
func (p *player) nextTrack() (int, bool) {
	best, bestTime := -1, time.Duration(0)
	for i, t := range p.tracks {
		at := p.mediaTime(t.sample().DTS, t.loop) - p.skew
		if p.over(t) || p.filler != nil && p.filler.holds(p, i, at) {
			continue
		}
		if best < 0 || at < bestTime {
			best, bestTime = i, at
		}
	}
	return best, best >= 0
}

// send writes the next sample of track i and moves its cursor.
func (p *player) send(i int) error {
	t := p.tracks[i]
	s := t.sample()
	data, err := p.filled(i)
	if err != nil {
		return err
	}
	packets, err := t.pack(data)
	if err != nil {
		return fmt.Errorf("packetize sample %d of track %d: %w", t.next, i, err)
	}
	at := p.mediaTime(s.PTS, t.loop)
	base := t.randomStart + uint32(toTicks(at, int64(t.format.ClockRate())))
	for _, pkt := range packets {
		pkt.Timestamp += base
		if err := p.write(i, pkt, p.start.Add(at)); err != nil {
			return err
		}
	}
	p.advance(i)
	return nil
}

// filled is the next sample of track i, with filler where there is to be some.
func (p *player) filled(i int) ([]byte, error) {
	data, err := p.load(i)
	if err != nil || p.filler == nil {
		return data, err
	}
	if err := p.filler.plan(p); err != nil {
		return nil, err
	}
	if i != p.filler.track {
		return data, nil
	}
	if data, err = p.filler.fillUp(p.tracks[i].sample(), data); err != nil {
		return nil, fmt.Errorf("fill sample %d of track %d: %w", p.tracks[i].next, i, err)
	}
	return data, nil
}

// load reads the next sample of track i.
func (p *player) load(i int) ([]byte, error) {
	data, err := p.tracks[i].sample().Payload()
	if err != nil {
		return nil, fmt.Errorf("read sample %d of track %d: %w", p.tracks[i].next, i, err)
	}
	return data, nil
}

// ahead is a player at the same place, to look at what comes: moving it does not move p.
func (p *player) ahead() *player {
	q := &player{clip: p.clip, loops: p.loops, filler: p.filler, shown: p.shown}
	for _, t := range p.tracks {
		c := *t
		q.tracks = append(q.tracks, &c)
	}
	return q
}

// over says whether all loops of t are.
func (p *player) over(t *cursor) bool { return p.loops > 0 && t.loop >= p.loops }

func (c *cursor) sample() Sample { return c.track.Samples[c.next] }

// advance moves track i to its next sample, or to the first of the next loop.
func (p *player) advance(i int) {
	t := p.tracks[i]
	if p.filler != nil && i == p.filler.track {
		p.shown = p.mediaTime(t.sample().DTS, t.loop) - p.skew
	}
	if t.next++; t.next == len(t.track.Samples) {
		t.next, t.loop = 0, t.loop+1
	}
}
