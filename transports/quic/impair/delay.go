package impair

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// Delay is the one-way delay between two addresses, without jitter: what Seed and the pair determine, the same in both
// directions, from Min to 10 s.
func (c *Config) Delay(a, b netip.AddrPort) time.Duration {
	if c.Sigma == 0 {
		return max(c.Median, c.Min)
	}
	x, y := hash(a), hash(b)
	z := scramble(c.Seed ^ scramble(min(x, y)^scramble(max(x, y))))
	// Box and Muller's transform makes a normal variate of two uniform ones.
	u := (float64(z>>40) + 0.5) / (1 << 24)
	v := float64(z&(1<<24-1)) / (1 << 24)
	normal := math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
	late := min(float64(c.Median)*math.Exp(c.Sigma*normal), float64(maxTime))
	return max(time.Duration(late), c.Min)
}

// hash makes a number of an address; IPv4 addresses are one thing in all forms.
func hash(a netip.AddrPort) uint64 {
	ip := a.Addr().As16()
	high, low := binary.BigEndian.Uint64(ip[:8]), binary.BigEndian.Uint64(ip[8:])
	return scramble(high ^ scramble(low^scramble(uint64(a.Port()))))
}

// scramble is a bijection that spreads its argument over all bits (the finalizer of splitmix64).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
