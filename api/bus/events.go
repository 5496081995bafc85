package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
	"github.com/shoal-live/shoal/core/event"
)

// outboxDepth is how many events wait for NATS; further ones are dropped and counted.
const outboxDepth = 1024

// outgoing is an event that waits.
type outgoing struct {
	at time.Time
	e  event.Event
}

// Sink takes events for the bus. It never blocks. While NATS is away the first outboxDepth events wait for it.
func (b *Bus) Sink() event.Sink {
	return func(e event.Event) {
		select {
		case b.out <- outgoing{time.Now(), e}:
		default:
			b.dropped.Add(1)
		}
	}
}

// publish sends what waits, and the rest when ctx ends.
func (b *Bus) publish(ctx context.Context) {
	for {
		select {
		case o := <-b.out:
			b.publishOne(ctx, o)
		case <-ctx.Done():
			for {
				select {
				case o := <-b.out:
					b.publishOne(ctx, o)
				default:
					return
				}
			}
		}
	}
}

// publishOne sends one event, as soon as NATS answers.
func (b *Bus) publishOne(ctx context.Context, o outgoing) {
	subject := Subject(b.cfg.Origin, o.e)
	body, err := b.envelope(subject, o)
	if err != nil {
		b.dropped.Add(1)
		b.cfg.Log.Error("event that cannot be written", "subject", subject, "error", err)
		return
	}
	for b.conn.Publish(subject, body) != nil {
		look := time.NewTimer(time.Second) // back is a hint
		select {
		case <-b.back:
		case <-look.C:
		case <-ctx.Done():
			look.Stop()
			if !b.conn.IsConnected() || b.conn.Publish(subject, body) != nil {
				b.dropped.Add(1)
			}
			return
		}
		look.Stop()
	}
}

func (b *Bus) envelope(subject string, o outgoing) ([]byte, error) {
	data, err := json.Marshal(Payload(o.e))
	if err != nil {
		return nil, err
	}
	return json.Marshal(Envelope{ID: nuid.Next(), At: o.at.UTC(), Origin: b.cfg.Origin, Subject: subject, Data: data})
}

// Subscribe hands every event on subject (All for all) to f, one at a time, until the returned function is called; one that f has
// begun with by then it finishes. It goes on by itself after NATS was away; what was told meanwhile is lost, and so is what comes
// faster than f takes it, beyond 65,536 events. Malformed payloads are passed over. Errors: ErrBus.
func (b *Bus) Subscribe(subject string, f func(Envelope)) (cancel func(), err error) {
	sub, err := b.conn.Subscribe(subject, func(m *nats.Msg) {
		var e Envelope
		if json.Unmarshal(m.Data, &e) == nil {
			f(e)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("%w: subscribe to %s: %w", ErrBus, subject, err)
	}
	if err := sub.SetPendingLimits(1<<16, 64<<20); err != nil {
		return nil, fmt.Errorf("%w: subscribe to %s: %w", ErrBus, subject, err)
	}
	return func() { _ = sub.Unsubscribe() }, nil
}
