package wire

import (
	"context"
	"sync"
)

// Together runs parts at once, ends the others when one fails or ctx ends, and returns when all have ended, with the
// first failure.
func Together(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	var once sync.Once
	var failure error
	for _, p := range parts {
		group.Go(func() {
			if err := p(ctx); err != nil && ctx.Err() == nil {
				once.Do(func() { failure = err })
				cancel(err)
			}
		})
	}
	group.Wait()
	return failure
}
