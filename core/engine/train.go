package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// A joiner feeds nobody until it is fed itself, and an uplink that carries nothing shows nothing: so the swarm would not
// know of it until the joiner plays. It therefore sends its first neighbours a train of padding each, as long as a link takes and
// all at once. Their receipts tell how fast it left (packet trains: Dovrolis et al., INFOCOM 2001); package budget reads them as it
// reads those of chunks.
const (
	trainLeast = 6                      // frames: short enough not to fill the queue of a line of 0.5 Mb/s
	trainMost  = 16                     // likewise: what a link takes at once
	trainSpan  = 100 * time.Millisecond // that one takes, where something is known of the uplink
	trainsMost = 8                      // that a peer sends, to as many neighbours
	trainEvery = 100 * time.Millisecond // so that the queue is empty again
	trainRates = 3                      // times the stream's rate, beyond which an uplink need not be known
)

// trains are those that were sent.
type trains struct {
	sent int
	next time.Duration
}

// train shows the uplink to a neighbour, as long as it is not known. Where there is a cap, that is known.
func (e *Engine) train(l *link) {
	t := &e.trains
	if l.trained || t.sent >= trainsMost || e.now < t.next || e.cfg.Role == swarm.Source || l.role == swarm.Source || e.cfg.Budget.Cap() > 0 {
		return
	}
	known, shown := e.cfg.Budget.Rate()
	if shown {
		t.sent = trainsMost // what it carries from now on, chunks tell
	}
	if shown || e.epoch != nil && known > trainRates*e.epoch.rate.perSecond() {
		return
	}
	length := min(e.cfg.MaxFrame, int(l.maxFrame))
	wire := length + e.cfg.Overhead
	train := Train{Link: l.id, Frame: swarm.AppendPadding(make([]byte, 0, length), e.cfg.Index, length, stamp(e.now))}
	for n := min(max(int(known)/wire*int(trainSpan/time.Millisecond)/1000, trainLeast), trainMost); train.Count < n; train.Count++ {
		if ok, _ := e.cfg.Budget.Take(e.now, scheduler.ClassExtra, wire); !ok {
			break
		}
		if b, ok := e.cfg.Budget.(budget.Confirmer); ok {
			b.Sent(e.now, l.id, wire)
		}
		e.count.Sent.ControlBytes += uint64(wire)
	}
	if train.Count == 0 {
		return
	}
	l.trained = true
	t.sent++
	t.next = e.now + trainEvery
	e.out.Trains = append(e.out.Trains, train)
}
