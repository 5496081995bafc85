package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Engine is one peer on one stream. See the package comment for its rules. Its zero value is of no use.
type Engine struct {
	cfg   Config
	now   time.Duration // of the latest input; never goes back
	began time.Duration // of the first input
	alive bool          // an input has come
	left  bool          // Leave was called

	timers  timers
	ids     []swarm.LinkID // of links, ascending
	links   []*link
	cancels bool   // some link has any to be told
	epoch   *epoch // nil before the first descriptor

	orders     orders
	talk       talk
	candidates candidates
	frontier   frontier
	asking     asking
	joining    joining
	uploads    uploads
	trains     trains
	alert      alert
	pacer      pacer
	player     player
	clock      clock
	self       own
	posts      uint64 // Readies so far: what is said until the next one goes by one post
	verifying  verifying
	restoring  restoring
	count      counters

	out     *outbox          // being filled
	given   *outbox          // that the host holds
	frame   swarm.ChunkFrame // scratch, as are the next two
	have    swarm.Have
	mail    mail
	leaving chunk.Chunk
}

// New makes an engine. Errors: ErrConfig, naming the field.
func New(cfg Config) (*Engine, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, out: new(outbox), given: new(outbox)}
	e.timers.reset()
	e.talk.snapshot, e.talk.wanted = true, true
	e.orders.repair = scheduler.Repair{Deviations: 4, Slack: 20 * time.Millisecond, Share: 0.10}
	e.clock = newClock(&cfg)
	e.player.reset()
	return e, nil
}

// at takes the time of an input, and does what has become due by it.
func (e *Engine) at(now time.Duration) {
	if !e.alive {
		e.alive, e.began, e.now = true, now, now
		e.timers.set(alarmBeat, now+beatEvery)
		e.self.measured = now
	}
	e.now = max(e.now, now)
	if !e.left {
		e.run()
	}
}

// Measured is what a transport measures on a link.
type Measured struct {
	RTT  time.Duration // smoothed; 0 when not known
	Lost uint64        // cumulative chunk frames known to be lost
}

// Measured takes a transport's figures of a link.
func (e *Engine) Measured(now time.Duration, id swarm.LinkID, m Measured) {
	e.at(now)
	l := e.link(id)
	if l == nil {
		return
	}
	if m.RTT > 0 {
		l.rtt = m.RTT
	}
	l.lost = max(l.lost, m.Lost)
}

// Tick tells the time: WakeAt has come.
func (e *Engine) Tick(now time.Duration) { e.at(now) }

// Leave says Bye on every link. The host does what the next Ready says, and then drops the engine.
func (e *Engine) Leave(now time.Duration) {
	e.at(now)
	if e.left {
		return
	}
	for _, l := range e.links {
		e.send(l, &swarm.Bye{Cause: swarm.ByeLeaving})
		e.out.Hangup = append(e.out.Hangup, Hangup{Link: l.id, Cause: "left the stream"})
		l.gone = true
	}
	e.ids, e.links = nil, nil
	e.left = true
	e.timers.reset()
}

// Ready hands over all that is wanted done, and begins anew. It belongs to the host until the next call.
func (e *Engine) Ready(now time.Duration) *Ready {
	e.at(now)
	if !e.left {
		e.askSoon()
		e.flushCancels()
		e.ride()
		e.drain()
		e.converse()
		e.found()
	}
	e.closePost()
	e.out.WakeAt = max(e.timers.next, 1)
	e.out, e.given = e.given, e.out
	e.out.clear()
	return &e.given.Ready
}

// outbox is a Ready and the memory of its parts, which is used again.
type outbox struct {
	Ready
	sends []sendKey // of Chunks, by index
	grant []grant
	to    []swarm.LinkID
}

// sendKey says what a frame is of.
type sendKey struct {
	number uint64
	knows  chunk.Knowledge
	copies int
	wire   int // bytes
}

// grant is one link of one send.
type grant struct {
	send int
	link swarm.LinkID
}

func (o *outbox) clear() {
	o.Control = emptied(o.Control)
	o.Chunks = emptied(o.Chunks)
	o.Trains = emptied(o.Trains)
	o.Deliver = emptied(o.Deliver)
	o.Dial = emptied(o.Dial)
	o.Hangup = emptied(o.Hangup)
	o.Ban = emptied(o.Ban)
	o.Accuse = emptied(o.Accuse)
	o.Events = emptied(o.Events)
	o.Batch, o.Introduce, o.WakeAt = nil, 0, 0
	o.sends, o.grant, o.to = o.sends[:0], o.grant[:0], o.to[:0]
}

// emptied is s without anything in it, and the memory of it. Most are empty already.
func emptied[T any](s []T) []T {
	if len(s) == 0 {
		return s
	}
	clear(s)
	return s[:0]
}
