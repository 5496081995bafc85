package budget

import (
	"math/rand/v2"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// uplink is a bottleneck with a queue: what is granted goes through it at rate, and each link's peer sends receipts when
// an engine would.
type uplink struct {
	rate   float64       // bytes per second
	free   time.Duration // when the queue is empty
	queue  []transit
	peers  []receiver
	drift  float64                                                    // of the peers' clocks
	jitter time.Duration                                              // greatest extra delay of a frame
	lie    func(link swarm.LinkID, d *time.Duration, n uint64) uint64 // nil for honest peers
	delays []time.Duration                                            // of the queue, every 100 ms
	rng    *rand.Rand
	next   int           // link that is sent on
	full   int           // frames of a burst that are handed back
	mute   bool          // no peer sends receipts
	most   time.Duration // of waiting, beyond which the bottleneck drops
	loss   float64       // share of frames lost by chance
	unsaid bool          // what is sent is not told

	charges *Allocator // is charged half a frame after each one, which goes through the bottleneck too; nil for none
}

// transit is a frame of 1000 bytes on its way.
type transit struct {
	to          int // index of the peer
	sent, there time.Duration
}

// receiver is the peer at the other end of a link.
type receiver struct {
	acked   uint64
	newest  time.Duration // when the newest frame left
	last    time.Duration // when the last frame came
	told    time.Duration // its last receipt
	tells   int           // receipts so far
	frames  int           // since the last
	lag     time.Duration // sum over them
	least   [2]time.Duration
	leastAt time.Duration
}

const (
	frameSize = 1000                   // bytes
	beat      = 100 * time.Millisecond // on which receipts are sent
	queueMost = time.Second            // the bottleneck's longest queue, where nothing else is said
)

func newUplink(rate float64, links int) *uplink {
	u := &uplink{rate: rate, most: queueMost, peers: make([]receiver, links), rng: rand.New(rand.NewPCG(20261127, 1))}
	for i := range u.peers {
		u.peers[i].least = [2]time.Duration{time.Hour, time.Hour}
	}
	return u
}

// run has demand bytes a second sent, evenly, over the links in turn.
func (u *uplink) run(a *Allocator, s *Share, demand float64, from, to time.Duration) (sent float64) {
	const tick = time.Millisecond
	want := 0.0
	for now := from; now < to; now += tick {
		for want += demand * tick.Seconds(); want >= frameSize; want -= frameSize {
			if !u.send(s, now) {
				want = min(want, 20*frameSize)
				break
			}
			sent += frameSize
		}
		u.arrive(s, now)
	}
	return sent
}

// send asks for a frame, and has it leave when it is granted.
func (u *uplink) send(s *Share, now time.Duration) bool {
	if ok, _ := s.Take(now, scheduler.ClassLeaf, frameSize); !ok {
		return false
	}
	from := u.next
	u.next = (u.next + 1) % len(u.peers)
	if !u.unsaid {
		s.Sent(now, swarm.LinkID(from+1), frameSize)
	}
	if u.free-now > u.most {
		return true // it is lost
	}
	u.free = max(u.free, now) + time.Duration(frameSize/u.rate*float64(time.Second))
	if u.loss > 0 && u.rng.Float64() < u.loss {
		return true
	}
	there := u.free + 40*time.Millisecond
	if u.jitter > 0 {
		there += time.Duration(u.rng.Int64N(int64(u.jitter)))
	}
	u.queue = append(u.queue, transit{from, now, there})
	if u.charges != nil {
		u.charges.Charge(now, frameSize/2)
		u.free += time.Duration(frameSize / 2 / u.rate * float64(time.Second))
	}
	return true
}

// arrive takes in what has come by now, and sends the receipts that are due.
func (u *uplink) arrive(s *Share, now time.Duration) {
	for len(u.queue) > 0 && u.queue[0].there <= now {
		f := u.queue[0]
		u.queue = u.queue[1:]
		p := &u.peers[f.to]
		lag := f.there - f.sent + time.Duration(float64(f.there)*u.drift)
		if now-p.leastAt > time.Minute {
			p.least, p.leastAt = [2]time.Duration{time.Hour, p.least[0]}, now
		}
		p.least[0] = min(p.least[0], lag)
		p.lag += lag
		p.frames++
		p.last = now
		p.acked += frameSize
		p.newest = max(p.newest, f.sent)
	}
	if now%beat != 0 {
		return
	}
	u.delays = append(u.delays, max(u.free-now, 0))
	for i := range u.peers {
		p := &u.peers[i]
		if u.mute || p.frames == 0 || now-p.told < 250*time.Millisecond || p.tells == 0 && p.frames < 24 && now-p.last < 30*time.Millisecond {
			continue
		}
		d, n := p.lag/time.Duration(p.frames)-min(p.least[0], p.least[1]), p.acked
		if p.frames < min(24, 6*(1+p.tells)) && now-p.told < 900*time.Millisecond && d < 10*time.Millisecond {
			continue
		}
		p.told, p.tells, p.frames, p.lag = now, p.tells+1, 0, 0
		if u.lie != nil {
			n = u.lie(swarm.LinkID(i+1), &d, n)
		}
		s.Receipt(now, swarm.LinkID(i+1), Receipt{Acked: n, Delay: d, Newest: p.newest})
	}
}

// bursts relays groups: every 100 ms, the frames of one leave at once, each on some link. The bottleneck's transport hands
// as many back as full says.
func (u *uplink) bursts(s *Share, frames int, from, to time.Duration) {
	for now := from; now < to; now += time.Millisecond {
		if now%(100*time.Millisecond) == 0 {
			for range frames {
				u.next = u.rng.IntN(len(u.peers))
				u.send(s, now)
			}
			for range u.full {
				link := swarm.LinkID(u.rng.IntN(len(u.peers)) + 1)
				s.Sent(now, link, frameSize)
				s.Sent(now, link, -frameSize)
			}
		}
		u.arrive(s, now)
	}
}
