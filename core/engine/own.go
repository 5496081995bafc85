package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// own is what this peer says of itself.
type own struct {
	said     swarm.Status // last
	saidAt   time.Duration
	revision uint64 // of said
	frame    []byte // of said; nil before it is needed
	status   bool   // something worth saying at once has changed
	tell     scheduler.Tell
	delay    float64 // microseconds from birth to verification here, mean
	measured time.Duration
	capacity scheduler.Capacity // as the policy was told
}

// state is what there is to say now.
func (e *Engine) state() swarm.Status {
	uplink, _ := e.cfg.Budget.Rate()
	s := swarm.Status{
		Uplink: uplink,
		Spare:  e.self.tell.Spare,
		Relays: e.self.tell.Relays,
		Open:   e.self.tell.Open,
		Delay:  uint32(max(e.self.delay, 0) / 1000),
		Links:  uint32(len(e.links)),
		Hops:   e.hops(),
	}
	if e.player.played || e.cfg.Role != swarm.Viewer {
		s.Playing = 1
	}
	return s
}

// hops is how far this peer is from the source, by those who feed it.
func (e *Engine) hops() (h swarm.Hops) {
	if e.epoch == nil {
		return h
	}
	for k := range int(e.epoch.substreams) {
		if e.cfg.Role == swarm.Source {
			h.Set(k, 1)
			continue
		}
		least := swarm.MostHops // as good as none, see there
		for _, l := range e.feeders(k) {
			if from := l.hops(k); from > 0 {
				least = min(least, from+1)
			}
		}
		if least < swarm.MostHops {
			h.Set(k, least)
		}
	}
	return h
}

// hops is how far a neighbour that pushes substream k is from the source; 0 for one that does not, or says that nobody
// pushes it there.
func (l *link) hops(k int) int {
	switch {
	case l.ours.answered&(1<<k) == 0 || l.feeds.at(k).silent:
		return 0
	case l.role == swarm.Source:
		return 1
	}
	return l.status.Hops.At(k)
}

// beat does what is done now and then.
func (e *Engine) beat() {
	e.timers.set(alarmBeat, e.now+beatEvery)
	if e.now-e.self.measured >= measureEvery {
		e.measure()
	}
	for i := len(e.links) - 1; i >= 0; i-- { // from the end, for a link may go
		l := e.links[i]
		if !l.up {
			if e.now-l.heard > helloPatience {
				e.hangup(l, "said no hello")
			}
			continue
		}
		if l.pings.next <= e.now {
			e.ping(l)
		}
		if e.now-l.gossipAt >= gossipEvery {
			e.gossip(l)
		}
		e.train(l)
		e.sayReceipt(l)
		e.watchSilence(l)
	}
	e.sayStatus()
	e.capacity()
	e.pauses()
	e.joinOver()
	e.talk.quiet = true
}

// capacity tells the policy when a figure of the uplink has moved by more than a tenth.
func (e *Engine) capacity() {
	e.cfg.Budget.Bind(e.committed())
	rate, shown := e.cfg.Budget.Rate()
	c := scheduler.Capacity{Cap: e.cfg.Budget.Cap(), Measured: rate, Committed: e.committed(), Shown: shown}
	was := &e.self.capacity
	if moved(c.Cap, was.Cap) || moved(c.Measured, was.Measured) || moved(c.Committed, was.Committed) || c.Shown != was.Shown {
		*was = c
		e.talk.capacity = true
	}
	if ep := e.epoch; ep != nil {
		if r := ep.rate.perSecond(); moved(r, ep.rate.told) {
			ep.rate.told = r
			e.talk.stream = true
		}
	}
}
