package rtsp

import (
	"time"
)

// clock puts the tracks of one session on the timeline of the first.
//
//	PTS of the lead  = its RTP time, unwrapped
//	PTS of another   = its RTP time, unwrapped, + shift, where shift is such that units of equal NTP time get equal PTS
//
// A shift is set and then moves towards what the newest reports say: not at all for less than slack, which is how far
// reports scatter, else by 0.2 % of the time that passes, 1 % where it is over 100 ms. That is more than clocks drift
// and less than is heard. In the first seconds, when little is known and hardly anybody listens, it is set anew where it is
// off by a frame or two of sound.
type clock struct {
	lead   *track
	origin time.Time // NTP time of the lead's PTS 0; zero before its first report
}

// slack is the difference of two tracks that is left alone.
const slack = 5 * time.Millisecond

// A shift that is off by more than frames is set anew in the time of settling after it was set first.
const (
	frames   = 40 * time.Millisecond
	settling = 5 * time.Second
)

// track is the time of one track.
type track struct {
	scale  int64 // ticks a second
	seen   bool
	last   uint32 // RTP time of the newest packet
	time   int64  // the same, unwrapped, from 0 at the first packet
	shift  int64
	placed bool
	moved  int64 // time up to which shift has been moved
	begun  int64 // time at which it was placed
}

// unwrap takes the RTP time of the next packet.
func (t *track) unwrap(rtp uint32) int64 {
	if !t.seen {
		t.seen, t.last = true, rtp
	}
	t.time += int64(int32(rtp - t.last))
	t.last = rtp
	return t.time
}

// report takes the NTP time of the packet at time, as the newest sender report has it.
func (c *clock) report(t *track, time int64, ntp time.Time) {
	if t == c.lead {
		c.origin = ntp.Add(-duration(time, t.scale))
		return
	}
	if c.origin.IsZero() {
		return
	}
	c.aim(t, time, ticks(ntp.Sub(c.origin), t.scale)-time)
}

// aim moves the shift of t, whose newest packet is at time, towards want.
func (c *clock) aim(t *track, time, want int64) {
	if !t.placed {
		t.shift, t.placed, t.moved, t.begun = want, true, time, time
		return
	}
	if off := want - t.shift; max(off, -off) > ticks(frames, t.scale) && time-t.begun < ticks(settling, t.scale) {
		t.shift, t.moved = want, time
		return
	}
	passed := time - t.moved
	if passed < t.scale/10 { // too little to move by whole ticks
		return
	}
	t.moved = time
	off := want - t.shift
	far := max(off, -off)
	if far <= ticks(slack, t.scale) {
		return
	}
	most := passed / 500
	if far > t.scale/10 {
		most = passed / 100
	}
	t.shift += min(max(off, -most), most)
}

// guess places a track whose reports do not come by the moment of arrival: what arrives now belongs to what the lead has
// sent last.
func (c *clock) guess(t *track) {
	t.shift = ticks(duration(c.lead.time, c.lead.scale), t.scale) - t.time
	t.placed, t.moved, t.begun = true, t.time, t.time
}

// duration and ticks convert without overflow for 290 years.
func duration(ticks, scale int64) time.Duration {
	return time.Duration(ticks/scale)*time.Second + time.Duration(ticks%scale*int64(time.Second)/scale)
}

func ticks(d time.Duration, scale int64) int64 {
	return int64(d/time.Second)*scale + int64(d%time.Second)*scale/int64(time.Second)
}
