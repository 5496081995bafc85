package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	streamsBucket = "shoal_streams"
	leasesBucket  = "shoal_leases"
	configBucket  = "shoal_config"
	kvTimeout     = 2 * time.Second
)

// bucket opens a bucket, and makes it where nobody has: an operator may have made it with other replicas or limits. It fails at
// once while NATS is away.
func (b *Bus) bucket(ctx context.Context, cfg jetstream.KeyValueConfig) (jetstream.KeyValue, error) {
	if !b.conn.IsConnected() {
		return nil, fmt.Errorf("%w: %s does not answer", ErrBus, b.URL())
	}
	kv, err := b.js.KeyValue(ctx, cfg.Bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = b.js.CreateKeyValue(ctx, cfg)
		if errors.Is(err, jetstream.ErrBucketExists) { // by somebody else, meanwhile
			kv, err = b.js.KeyValue(ctx, cfg.Bucket)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: bucket %s: %w", ErrBus, cfg.Bucket, err)
	}
	return kv, nil
}

// streams is the bucket of the registry. Its records fade unless their origins refresh them.
func (b *Bus) streams(ctx context.Context) (jetstream.KeyValue, error) {
	return b.bucket(ctx, jetstream.KeyValueConfig{Bucket: streamsBucket, Description: "Shoal: who publishes which stream", History: 1, TTL: recordLife})
}

// key writes a stream's name as a key of a bucket.
func key(name string) string { return strings.ReplaceAll(Token(name), "%", "=") }

// set writes a value in the place of the one of that revision, 0 for none. An error for which lost holds means that there is
// another value by now.
func set(ctx context.Context, kv jetstream.KeyValue, key string, value []byte, revision uint64) error {
	var err error
	if revision == 0 {
		_, err = kv.Create(ctx, key, value) // knows deleted keys
	} else {
		_, err = kv.Update(ctx, key, value, revision)
	}
	return err
}

// lost reports whether a compare-and-set found another value than the one that it meant to replace.
func lost(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, jetstream.ErrKeyExists) || errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}
