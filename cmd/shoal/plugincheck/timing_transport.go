package plugincheck

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/host"
)

// The streams that a transport is timed with.
const (
	pacedRate = 8e6 // bits per second of chunk frames
	pacedTime = 3 * time.Second
	floodTime = 2 * time.Second
	linkTime  = 10 * time.Second
	drainTime = 500 * time.Millisecond // for what is under way at the end
)

// measureTransport links two processes, and sends a paced stream and then as much as goes.
func measureTransport(ctx context.Context, h *host.Host, j *Job) (times *CarryingTimes, err error) {
	var ends [2]*end
	defer func() {
		for _, e := range ends {
			if e != nil {
				err = errors.Join(err, e.close())
			}
		}
	}()
	for i := range ends {
		if ends[i], err = open(ctx, h, j); err != nil {
			return nil, err
		}
	}
	from, to := ends[0], ends[1]
	began := time.Now()
	if err := from.transport.Dial(to.id, to.addresses); err != nil {
		return nil, err
	}
	link, err := from.up(ctx)
	if err != nil {
		return nil, err
	}
	times = &CarryingTimes{Frame: from.transport.Capabilities().MaxChunk, Rate: pacedRate, LinkUp: milliseconds(time.Since(began)), Processes: len(ends)}
	if times.Frame < stampSize {
		return nil, fmt.Errorf("MaxChunk is %d bytes", times.Frame)
	}
	before := from.refused()
	sent := from.pace(ctx, link, times)
	pause(ctx, drainTime)
	sent -= from.refused() - before
	delays := to.take()
	times.Delay, times.Lost = spread(delays), share(sent-len(delays), sent)
	before = from.refused()
	sent = from.flood(ctx, link, times.Frame)
	pause(ctx, drainTime)
	sent -= from.refused() - before
	got := len(to.take())
	times.MostBps, times.MostLost = float64(got*times.Frame*8)/floodTime.Seconds(), share(sent-got, sent)
	return times, ctx.Err()
}

func share(part, of int) float64 {
	if of == 0 {
		return 0
	}
	return max(0, float64(part)/float64(of))
}

// pace sends at the rate, and answers how many frames that were.
func (e *end) pace(ctx context.Context, link transport.LinkID, times *CarryingTimes) int {
	every := time.Duration(float64(times.Frame*8) / times.Rate * float64(time.Second))
	tick := time.NewTicker(every)
	defer tick.Stop()
	sent := 0
	for began := time.Now(); time.Since(began) < pacedTime && ctx.Err() == nil; <-tick.C {
		e.send(link, times.Frame)
		sent++
	}
	return sent
}

// flood sends until it is refused, waits for room, and goes on. It answers how many frames it offered.
func (e *end) flood(ctx context.Context, link transport.LinkID, size int) int {
	const burst = 16
	sent := 0
	for began := time.Now(); time.Since(began) < floodTime && ctx.Err() == nil; {
		known := e.refused()
		for range burst {
			e.send(link, size)
			sent++
		}
		if e.refused() > known {
			t := time.NewTimer(10 * time.Millisecond) // should Writable have come before
			select {
			case <-e.room:
			case <-t.C:
			}
			t.Stop()
		}
	}
	return sent
}
