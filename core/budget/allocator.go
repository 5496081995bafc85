package budget

import (
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
)

// Limits of a cap, in bytes per second.
const (
	MinCap = 8_000         // 64 kb/s: less carries no stream
	MaxCap = 4_000_000_000 // 32 Gb/s
)

// Config describes one uplink. New validates it; zero means default.
type Config struct {
	Cap     uint64 // bytes per second, of all that leaves; 0 for none, limits MinCap..MaxCap
	Largest int    // wire bytes of the largest single Take; default 1500, limits 1..65536
	Repair  int    // percent of the uplink that may go into repair before anything else; default 5, limits 1..100
	Initial uint64 // bytes per second at which an unknown uplink is tried; default 1,250,000, limits MinCap..MaxCap
}

// Allocator grants the bytes of one uplink.
type Allocator struct {
	cfg      Config
	bucket   bucket
	repair   bucket
	estimate estimate
	shares   []*Share // open ones, in order of opening
	weights  uint64   // sum
	opened   uint64   // shares ever opened
	virtual  uint64   // time of fair queueing, in bytes << weightShift per weight
	granted  meter
	unheard  unheard
	charged  meter
	overruns uint64
}

// New makes an allocator. Errors: ErrConfig, naming the field.
func New(cfg Config) (*Allocator, error) {
	if cfg.Largest == 0 {
		cfg.Largest = 1500
	}
	if cfg.Repair == 0 {
		cfg.Repair = 5
	}
	if cfg.Initial == 0 {
		cfg.Initial = 1_250_000
	}
	switch {
	case cfg.Largest < 1 || cfg.Largest > 65536:
		return nil, fmt.Errorf("%w: Largest %d is not in 1..65536 bytes", ErrConfig, cfg.Largest)
	case cfg.Repair < 1 || cfg.Repair > 100:
		return nil, fmt.Errorf("%w: Repair %d is not in 1..100 percent", ErrConfig, cfg.Repair)
	case cfg.Initial < MinCap || cfg.Initial > MaxCap:
		return nil, fmt.Errorf("%w: Initial %d is not in %d..%d bytes per second", ErrConfig, cfg.Initial, MinCap, MaxCap)
	}
	if err := cfg.checkCap(cfg.Cap); err != nil {
		return nil, err
	}
	a := &Allocator{cfg: cfg}
	a.estimate.begin(a.ceiling(), cfg)
	a.resize()
	a.bucket.level, a.repair.level = a.bucket.depth*nano, a.repair.depth*nano
	return a, nil
}

func (c *Config) checkCap(limit uint64) error {
	switch {
	case limit != 0 && (limit < MinCap || limit > MaxCap):
		return fmt.Errorf("%w: Cap %d is not in %d..%d bytes per second, and 0 is for none", ErrConfig, limit, MinCap, uint64(MaxCap))
	case limit != 0 && limit < 4*uint64(c.Largest):
		return fmt.Errorf("%w: Cap %d bytes per second is less than four frames of Largest %d", ErrConfig, limit, c.Largest)
	}
	return nil
}

// SetCap changes the cap; the promise holds for every second that begins afterwards. Errors: ErrConfig; the cap is
// then as it was.
func (a *Allocator) SetCap(now time.Duration, limit uint64) error {
	if err := a.cfg.checkCap(limit); err != nil {
		return err
	}
	a.flow(now)
	a.cfg.Cap = limit
	a.estimate.begin(a.ceiling(), a.cfg)
	a.resize()
	return nil
}

// depthOf is the bucket's depth at a rate: 20 ms, but two of the largest frames where that is more and no more
// than a sixteenth of a second, and one of them at least.
func (a *Allocator) depthOf(rate int64) int64 {
	least := int64(a.cfg.Largest)
	return max(rate/50, min(2*least, rate/16), least)
}

// ceiling is the greatest rate of the bucket, in bytes per second: with a cap, what is left of it by the margin and
// the depth.
func (a *Allocator) ceiling() int64 {
	limit := int64(a.cfg.Cap)
	if limit == 0 {
		return MaxCap
	}
	return limit - limit/32 - a.depthOf(limit)
}

// resize gives the bucket the rate of the estimate.
func (a *Allocator) resize() {
	rate := a.estimate.rate
	depth := a.depthOf(rate)
	if a.cfg.Cap > 0 {
		depth = min(depth, a.depthOf(int64(a.cfg.Cap)))
	}
	a.bucket.resize(rate, depth)
	a.repair.resize(max(rate*int64(a.cfg.Repair)/100, 1), depth)
}

func (a *Allocator) flow(now time.Duration) {
	a.bucket.flow(now)
	a.repair.flow(now)
	a.charged.roll(now)
}

// Charge takes bytes that left without being granted: control, handshakes, acknowledgements, and what frames took on
// the wire beyond what was asked for. They are paid before anything is granted again.
func (a *Allocator) Charge(now time.Duration, bytes int) {
	if bytes <= 0 {
		return
	}
	a.flow(now)
	a.charged.add(now, uint64(bytes))
	a.estimate.gauge.charged(now, bytes)
	a.bucket.take(int64(bytes))
	if a.cfg.Cap > 0 && -a.bucket.level > int64(a.cfg.Cap)/32*nano {
		a.overruns++
	}
}

// Overruns counts the charges that may have taken a second beyond the cap, because so much left at once without
// being asked for.
func (a *Allocator) Overruns() uint64 { return a.overruns }

// Measured sets the estimate of the uplink to what somebody else has measured, in bytes per second, at most the cap.
func (a *Allocator) Measured(now time.Duration, rate uint64) {
	a.flow(now)
	a.estimate.set(rate)
	a.resize()
}

// headroom is what a class must leave in the bucket for those more urgent.
func (a *Allocator) headroom(class scheduler.Class) int64 {
	switch class {
	case scheduler.ClassRepair:
		return 0
	case scheduler.ClassInterior:
		return a.bucket.depth / 16
	case scheduler.ClassLeaf:
		return a.bucket.depth / 8
	case scheduler.ClassExtra:
	}
	return a.bucket.depth / 4
}
