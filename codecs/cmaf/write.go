package cmaf

import (
	"fmt"
	"reflect"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

// writeVideo takes one picture.
func (p *Packager) writeVideo(k *input, u Unit) error {
	units, access := k.video.read(u.Data)
	if units == nil || !access && (!p.running || p.resync) {
		return nil
	}
	fresh := !p.running
	var params codecs.Codec
	if access {
		if params = k.video.params(); params == nil {
			return nil // a decoder could not begin here after all
		}
		fresh = fresh || p.stale || !reflect.DeepEqual(params, k.params)
	}
	if p.running && !fresh && k.jumps(u.PTS) {
		if !access {
			p.resync = true
			return p.cut()
		}
		fresh = true
	}
	if fresh || p.resync {
		k.video.reset()
	}
	decoded, err := k.video.decode(units, u.PTS)
	if err != nil { // pictures in an order that the extractor does not know
		decoded = u.PTS
		if !fresh && k.started {
			decoded = min(decoded, k.zero+k.decoded+k.predict())
		}
	}
	if fresh {
		if err := p.restart(params, decoded); err != nil {
			return err
		}
	}
	p.resync = false
	if err := p.addVideo(k, u, sample{sync: access, payload: k.video.pack(units)}, decoded); err != nil {
		return err
	}
	if fresh {
		if err := p.flushEarly(ticksToTime(u.PTS, k.scale)); err != nil {
			return err
		}
	}
	if dt := k.predict(); k.gathered()+ticksToTime(dt-dt/4, k.scale) > p.cfg.Span {
		return p.cut()
	}
	return nil
}

// jumps tells that pts does not carry on where the last picture was.
func (k *input) jumps(pts int64) bool {
	ahead := pts - k.zero - k.decoded
	return k.started && (ahead < -int64(k.scale) || ahead > timeToTicks(maxJump, k.scale))
}

// restart ends the epoch, if one runs, and begins another at the decoding time at.
func (p *Packager) restart(params codecs.Codec, at int64) error {
	if p.running {
		if err := p.cut(); err != nil {
			return err
		}
	}
	p.lead.params = params
	return p.begin(at)
}

// addVideo puts one picture into the group, a new one where decoding can begin at it.
func (p *Packager) addVideo(k *input, u Unit, s sample, decoded int64) error {
	at := decoded - k.zero
	if k.started {
		at = max(at, k.decoded+1)
		k.learn(at - k.decoded)
	}
	if s.sync {
		if err := p.cut(); err != nil {
			return err
		}
		if k.accessed >= 0 {
			k.interval = ticksToTime(at-k.accessed, k.scale)
		}
		k.accessed = at
		p.access = true
	}
	k.add(at, u.PTS-k.zero, k.predict(), s)
	p.ntp = u.NTP
	return nil
}

// flushEarly takes the audio that was kept, from the first picture on.
func (p *Packager) flushEarly(first time.Duration) error {
	early := p.early
	p.early = nil
	for _, u := range early {
		k := p.inputs[u.Track]
		if ticksToTime(u.PTS, k.scale) < first-time.Millisecond {
			continue
		}
		if err := p.writeAudio(k, u); err != nil {
			return err
		}
	}
	return nil
}

// maxSlip is how far audio may be from where the frame before ended: below it, frames stay seamless and their
// durations take up to a 32nd of the difference, above it, there is a hole.
const maxSlip = 60 * time.Millisecond

// writeAudio takes some frames of audio in a row.
func (p *Packager) writeAudio(k *input, u Unit) error {
	pts := u.PTS - k.zero
	for _, frame := range u.Data {
		n := k.length(frame)
		at := pts
		pts += n
		if len(frame) == 0 || at < -int64(k.scale)/1000 { // before the epoch
			continue
		}
		if p.strays(k, at) {
			k.strays++
			if k.strays < maxStrays {
				continue
			}
			k.strays, p.stale = 0, true
			if k != p.lead {
				continue
			}
			if err := p.restart(k.params, at+k.zero); err != nil {
				return err
			}
			pts, at = n, 0
		}
		k.strays = 0
		p.addAudio(k, at, n, frame)
		if k == p.lead || len(p.lead.run.samples) == 0 {
			p.ntp = u.NTP
		}
		if err := p.cutAudio(k, n); err != nil {
			return err
		}
	}
	return nil
}

// strays tells that a frame at at cannot belong where the stream is.
func (p *Packager) strays(k *input, at int64) bool {
	if k.started && at < k.end-timeToTicks(maxSlip, k.scale) {
		return true
	}
	here := ticksToTime(p.lead.end, p.lead.scale)
	ahead := ticksToTime(at, k.scale) - here
	return p.lead.started && (ahead > maxJump || ahead < -maxJump)
}

func (p *Packager) addAudio(k *input, at, n int64, frame []byte) {
	s := sample{sync: true, payload: append([]byte(nil), frame...)}
	slip := at - k.end
	switch most := timeToTicks(maxSlip, k.scale); {
	case !k.started:
		at = max(at, 0)
	case slip > most:
		if len(k.run.samples) == 0 {
			k.end = at
		}
	default:
		at = k.end
		if slip > int64(k.scale)/1000 || slip < -int64(k.scale)/1000 {
			n += min(max(slip, -n/32), n/32)
		}
	}
	k.add(at, at, n, s)
}

// cutAudio ends the group when audio alone has filled one. Beside video it waits for a picture, up to maxAlone by the
// wall clock: a sender may put many frames of audio into one packet.
func (p *Packager) cutAudio(k *input, n int64) error {
	if k == p.lead {
		p.access = true
		if k.gathered() >= p.cfg.Span-ticksToTime(n-n/4, k.scale) {
			return p.cut()
		}
		return nil
	}
	if k.gathered() >= maxAlone && p.cfg.Now().Sub(p.born) >= maxAlone {
		return p.cut()
	}
	return nil
}

// cut hands over what the group holds, if anything.
func (p *Packager) cut() error {
	var runs []run
	var length time.Duration
	for _, k := range p.inputs {
		if len(k.run.samples) == 0 {
			continue
		}
		if k == p.lead {
			runs = append([]run{k.run}, runs...)
		} else {
			runs = append(runs, k.run)
		}
		length = max(length, k.gathered())
	}
	if len(runs) == 0 {
		return nil
	}
	g := chunk.Group{}
	at := p.lead.end // of audio that has no picture to go with
	if n := len(p.lead.run.samples); n > 0 {
		at, length = p.lead.run.first, ticksToTime(p.lead.end-p.lead.run.first, p.lead.scale)
	}
	p.time = max(p.time, ticksToTime(at, p.lead.scale).Truncate(time.Microsecond))
	g.Time, g.Span = p.time, length.Truncate(time.Microsecond)
	g.RandomAccess = p.access
	p.sequence++
	g.Payload = marshalFragment(p.sequence, runs)
	for _, k := range p.inputs {
		clear(k.run.samples) // payloads are in the fragment now
		k.run.samples = k.run.samples[:0]
	}
	p.access = false
	if len(g.Payload) > chunk.MaxGroupSize {
		return fmt.Errorf("%w: a group of %d bytes, at most %d", ingest.ErrCodec, len(g.Payload), chunk.MaxGroupSize)
	}
	now := p.cfg.Now()
	g.Born, p.born = now.UnixMicro(), now
	if p.cfg.Delay != nil && !p.ntp.IsZero() {
		p.cfg.Delay(now.Sub(p.ntp))
	}
	return p.sink.Group(g)
}
