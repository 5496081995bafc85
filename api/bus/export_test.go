package bus

import (
	"context"

	"github.com/shoal-live/shoal/core/chunk"
)

// NextEpoch gives the next epoch of a stream whoever holds its lease.
func (b *Bus) NextEpoch(ctx context.Context, stream chunk.StreamID) (uint32, error) {
	return b.nextEpoch(ctx, stream, func(Lease, uint64) error { return nil })
}

// Drop ends the connection as a killed process does.
func (b *Bus) Drop() { b.conn.Close() }
