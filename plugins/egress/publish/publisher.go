package publish

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/rtp"
)

// publisher is the state of Run, which belongs to its goroutine.
type publisher struct {
	*output
	ctx        context.Context
	packetizer rtp.Packetizer
	backlog    rtp.Backlog

	attempt    int                // counts connections begun; results of earlier ones are not wanted
	cancel     context.CancelFunc // of the attempt; nil for none
	connecting sync.WaitGroup
	results    chan result
	here       bool // the server has answered

	link      *link // nil while there is none
	begun     bool  // media was written to link
	published bool  // a link has stood before
	retry     <-chan time.Time
	wait      time.Duration // before the next attempt
	since     time.Time     // when the last link was lost
}

// result is the outcome of one attempt.
type result struct {
	attempt int
	asked   bool // only whether the server is there
	link    *link
	err     error
}

// connect begins an attempt; without a session it only asks whether the server is there.
func (p *publisher) connect(session *description.Session) {
	old := p.abandon()
	p.attempt++
	r := result{attempt: p.attempt, asked: session == nil}
	ctx, cancel := context.WithCancel(p.ctx)
	p.cancel = cancel
	p.connecting.Go(func() {
		old.close() // takes its time when the server does not read
		if session == nil {
			r.err = p.ask(ctx)
		} else {
			r.link, r.err = p.announce(ctx, session)
		}
		select {
		case p.results <- r:
		case <-p.ctx.Done():
			r.link.close()
		}
	})
}

// reconnect begins the next attempt, if there is still something to publish.
func (p *publisher) reconnect() {
	if s := p.packetizer.Session(); s != nil {
		p.connect(s)
	}
}

// abandon ends the attempt that is under way, and gives up the link, which the caller closes.
func (p *publisher) abandon() *link {
	if p.cancel != nil {
		p.cancel()
	}
	old := p.link
	p.link, p.begun, p.cancel, p.retry = nil, false, nil, nil
	return old
}

// end waits for everything that was started.
func (p *publisher) end(stop context.CancelFunc) {
	stop()
	p.abandon().close()
	p.connecting.Wait()
}

// connected takes the outcome of the newest attempt. An error ends Run.
func (p *publisher) connected(r result) error {
	switch {
	case r.err != nil && (!p.published || errors.Is(r.err, errRefused)):
		return fmt.Errorf("%w: publish to %s: %w", egress.ErrOutput, p.shown, r.err)
	case r.err != nil:
		return p.again(r.err)
	case r.asked:
		p.here = true
		p.reconnect()
		return nil
	}
	p.log.Info("publish: the server takes the stream", "url", p.shown)
	p.link, p.published, p.wait, p.since = r.link, true, 0, time.Time{}
	p.start()
	return nil
}

// lost is called when the link is gone by itself.
func (p *publisher) lost() error {
	old := p.abandon()
	old.close() // at once: it is gone
	return p.again(old.err())
}

// again sets the time of the next attempt, or gives up.
func (p *publisher) again(cause error) error {
	now := time.Now()
	if p.since.IsZero() {
		p.since = now
	}
	if now.Sub(p.since) > giveUp {
		return fmt.Errorf("%w: publish to %s: no connection for %v: %w", egress.ErrOutput, p.shown, giveUp, cause)
	}
	p.wait = min(max(2*p.wait, firstWait), longWait)
	p.log.Warn("publish: connection lost", "url", p.shown, "error", cause, "retry", p.wait)
	p.retry = time.After(p.wait)
	return nil
}

func (p *publisher) take(item egress.Item) {
	switch item := item.(type) {
	case egress.Begin:
		p.begin(item)
	case egress.Gap:
		p.packetizer.Gap()
	case egress.Media:
		batch, err := p.packetizer.Media(&item.Group)
		if err != nil {
			p.log.Warn("publish: passed over", "error", err)
		}
		if len(batch.Units) == 0 {
			return
		}
		p.backlog.Add(batch)
		if p.begun {
			p.write(batch.Units)
		} else if p.link != nil {
			p.start()
		}
	}
}

func (p *publisher) begin(b egress.Begin) {
	formats, err := p.packetizer.Begin(b.Descriptor)
	if err != nil {
		p.log.Warn("publish: passed over", "error", err)
		p.backlog.Reset(p.packetizer.Tracks())
		return
	}
	if formats == rtp.Same {
		return
	}
	p.backlog.Reset(p.packetizer.Tracks())
	if p.here {
		p.connect(p.packetizer.Session())
	}
}

// start begins with the newest key picture, once it is there.
func (p *publisher) start() {
	if units := p.backlog.Start(); units != nil {
		p.begun = true
		p.write(units)
	}
}

// write queues units. When the queue is full, media is left out up to the next key picture.
func (p *publisher) write(units []rtp.Unit) {
	for _, u := range units {
		err := p.link.write(&u)
		if full := (liberrors.ErrClientWriteQueueFull{}); errors.As(err, &full) {
			p.log.Warn("publish: the server is too slow, media is left out", "url", p.shown)
			p.begun = false
			p.backlog.Reset(p.packetizer.Tracks())
			return
		}
	}
}
