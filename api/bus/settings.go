package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// settings is the bucket of what counts over the config files of nodes.
func (b *Bus) settings(ctx context.Context) (jetstream.KeyValue, error) {
	return b.bucket(ctx, jetstream.KeyValueConfig{Bucket: configBucket, Description: "Shoal: live changes of configuration", History: 8})
}

// Settings are what stands in the bucket for a node; nil when nothing does. Errors: ErrBus.
func (b *Bus) Settings(ctx context.Context, node string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.settings(ctx)
	if err != nil {
		return nil, err
	}
	entry, err := kv.Get(ctx, key(node))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: config of node %s: %w", ErrBus, node, err)
	}
	return entry.Value(), nil
}

// PutSettings replaces what stands in the bucket for a node. Errors: ErrBus.
func (b *Bus) PutSettings(ctx context.Context, node string, value []byte) error {
	ctx, cancel := context.WithTimeout(ctx, kvTimeout)
	defer cancel()
	kv, err := b.settings(ctx)
	if err == nil {
		_, err = kv.Put(ctx, key(node), value)
	}
	if err != nil {
		return fmt.Errorf("%w: config of node %s: %w", ErrBus, node, err)
	}
	return nil
}

// FollowSettings calls f with what stands in the bucket for a node, nil for nothing, and again whenever that changes or
// NATS was away, until ctx ends. It is called from this goroutine.
func (b *Bus) FollowSettings(ctx context.Context, node string, f func(value []byte)) {
	back := b.conn.StatusChanged(nats.CONNECTED)
	defer b.conn.RemoveStatusListener(back)
	for ctx.Err() == nil {
		if err := b.followSettings(ctx, node, back, f); err != nil {
			b.cfg.Log.Debug("config on the bus", "error", err)
		}
		pause := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
		case <-back:
		case <-pause.C:
		}
		pause.Stop()
	}
}

// followSettings is one watch, until NATS was away.
func (b *Bus) followSettings(ctx context.Context, node string, back <-chan nats.Status, f func([]byte)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	kv, err := b.settings(ctx)
	if err != nil {
		return err
	}
	w, err := kv.Watch(ctx, key(node))
	if err != nil {
		return fmt.Errorf("%w: watch %s: %w", ErrBus, configBucket, err)
	}
	defer func() { _ = w.Stop() }() // it ends with ctx, too
	found := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-back:
			return nil
		case entry, ok := <-w.Updates():
			switch {
			case !ok:
				return fmt.Errorf("%w: the watch of %s has ended", ErrBus, configBucket)
			case entry == nil: // all that was there has come
				if !found {
					f(nil)
				}
			case entry.Operation() == jetstream.KeyValuePut:
				found = true
				f(entry.Value())
			default:
				found = true
				f(nil)
			}
		}
	}
}
