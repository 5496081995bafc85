package baseline

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// Run has the readers come, measures them, and ends them. It blocks for Join and For. Errors: of the options; [ErrNoPicture];
// that of ctx, where it ends first; that of Options.Server's API. A reader that fails is in the result.
func Run(ctx context.Context, o Options) (*Result, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &crowd{opts: o}
	reading, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for i := range o.Readers {
		m := &meter{window: &c.window}
		c.meters = append(c.meters, m)
		all.Go(func() { c.read(reading, i, m) })
	}
	res := &Result{Readers: o.Readers}
	err = c.measure(ctx, res)
	cancel()
	all.Wait()
	if err != nil {
		return nil, err
	}
	return res, c.sum(res)
}

// crowd is all readers of one run.
type crowd struct {
	opts    Options
	window  window
	meters  []*meter
	packets timeline[uint32] // of access units, over RTSP
	parts   timeline[string] // of parts, over HLS
}

// read is reader i, from its coming on.
func (c *crowd) read(ctx context.Context, i int, m *meter) {
	if wait(ctx, c.opts.Join*time.Duration(i)/time.Duration(c.opts.Readers)) != nil {
		return
	}
	m.mu.Lock()
	m.came = time.Now()
	m.mu.Unlock()
	var err error
	switch c.opts.Way {
	case RTSP:
		err = readRTSP(ctx, c.opts.URL, m, &c.packets)
	case LLHLS:
		err = readHLS(ctx, c.opts.URL, m, &c.parts)
	}
	if err != nil {
		c.opts.Log.Debug("baseline: a reader has ended", "reader", i, "way", c.opts.Way, "err", err)
		m.mu.Lock()
		m.err = err
		m.mu.Unlock()
	}
}

// measure waits for the readers to come, and for the window to pass.
func (c *crowd) measure(ctx context.Context, res *Result) error {
	if err := wait(ctx, c.opts.Join); err != nil {
		return err
	}
	before, err := c.opts.Server.usage(ctx, c.opts.Way)
	if err != nil {
		return err
	}
	own, _ := CPUTime(os.Getpid())
	began := time.Now()
	c.packets.open(began, c.opts.For)
	c.parts.open(began, c.opts.For)
	c.window.open.Store(true)
	if err := wait(ctx, c.opts.For); err != nil {
		return err
	}
	c.window.open.Store(false)
	res.Window = time.Since(began)
	if cpu, ok := CPUTime(os.Getpid()); ok {
		res.CPU = cpu - own
	}
	after, err := c.opts.Server.usage(ctx, c.opts.Way)
	if err != nil {
		return err
	}
	res.Server = after.since(before)
	return nil
}

// sum adds up what the readers measured, which have all ended.
func (c *crowd) sum(res *Result) error {
	total := c.packets.total() + c.parts.total() // one of them is 0
	due, received := 0, 0
	var failed error
	for _, m := range c.meters {
		if m.err != nil {
			res.Lost++
			if failed == nil {
				failed = m.err
			}
		}
		if m.startup == 0 {
			res.NeverRead++
		} else {
			res.Startup.Add(m.startup.Microseconds())
		}
		if m.read {
			due += total - m.first
			received += m.received
		}
		delay, part := m.delay.Histogram(), m.part.Histogram()
		res.Delay.Merge(&delay)
		res.PartDelay.Merge(&part)
		res.HoldBack = max(res.HoldBack, m.holdBack)
		res.Bytes += m.payload.Load()
		res.StreamBytes += m.stream.Load()
		res.WireBytes += m.stream.Load() + headerSize*m.segments.Load()
	}
	res.Err = failed
	if due > 0 {
		res.Continuity = float64(received) / float64(due)
	}
	if res.NeverRead == res.Readers {
		if failed != nil {
			return fmt.Errorf("baseline: %s: %w: %w", c.opts.Way, ErrNoPicture, failed)
		}
		return fmt.Errorf("baseline: %s: %w", c.opts.Way, ErrNoPicture)
	}
	return nil
}

// wait is over after d, or with the error of ctx.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
