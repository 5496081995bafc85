package impair

import (
	"fmt"
	"time"
)

// Config says what happens to packets. The zero value changes nothing. It is comparable, and plain data: Parse and String
// are its text.
type Config struct {
	Median time.Duration // one-way delay, median over pairs of addresses; default none, at most 10 s. Text: latency
	Sigma  float64       // of the delay's logarithm, 0..3; default 0: all pairs alike
	Min    time.Duration // least one-way delay; default none, at most 10 s
	Jitter time.Duration // greatest extra delay of a packet, uniform from 0; default none, at most 10 s
	Loss   float64       // share of packets lost, 0..0.5; default none. Text: in percent
	Uplink uint64        // bytes per second, headers of IP and UDP included, at least 1000; 0 for no limit. Text: bits per second
	Queue  time.Duration // greatest wait for the uplink, beyond which packets are dropped; default 200 ms, at most 10 s
	Seed   uint64        // of every draw; default 0, a seed like any other
}

const (
	maxTime      = 10 * time.Second // any delay, and all of one pair
	maxSigma     = 3
	maxLoss      = 0.5
	minUplink    = 1000           // bytes per second
	maxUplink    = 12_500_000_000 // bytes per second
	defaultQueue = 200 * time.Millisecond
)

// Validate checks the limits. Errors: ErrConfig, with the key as it is in the text.
func (c *Config) Validate() error {
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"latency", c.Median}, {"min", c.Min}, {"jitter", c.Jitter}, {"queue", c.Queue}} {
		if d.value < 0 || d.value > maxTime {
			return fmt.Errorf("%w: %s: %v is not in 0s..%v", ErrConfig, d.key, d.value, maxTime)
		}
	}
	switch {
	case !(c.Sigma >= 0 && c.Sigma <= maxSigma):
		return fmt.Errorf("%w: sigma: %v is not in 0..%d", ErrConfig, c.Sigma, maxSigma)
	case c.Sigma > 0 && c.Median == 0:
		return fmt.Errorf("%w: sigma: %v spreads a latency of 0s; set latency, the median, too", ErrConfig, c.Sigma)
	case !(c.Loss >= 0 && c.Loss <= maxLoss):
		return fmt.Errorf("%w: loss: %v%% is not in 0%%..%v%%", ErrConfig, 100*c.Loss, 100*maxLoss)
	case c.Uplink != 0 && (c.Uplink < minUplink || c.Uplink > maxUplink):
		return fmt.Errorf("%w: uplink: %d bits per second are not in %d..%d; 0 is no limit", ErrConfig, 8*c.Uplink, 8*minUplink, 8*maxUplink)
	case c.Queue > 0 && c.Uplink == 0:
		return fmt.Errorf("%w: queue: %v waits for no uplink; set uplink too", ErrConfig, c.Queue)
	}
	return nil
}

// Off reports whether nothing is impaired.
func (c *Config) Off() bool {
	return c.Median == 0 && c.Min == 0 && c.Jitter == 0 && c.Loss == 0 && c.Uplink == 0
}
