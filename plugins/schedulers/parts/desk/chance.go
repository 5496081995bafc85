package desk

import "github.com/shoal-live/shoal/core/swarm"

// Chance is a number in [0, 1) that depends on the peer's seed and on what it is for, and on nothing else.
func (d *Desk) Chance(a, b uint64) float64 {
	return float64(Mix(d.View.Stream.Seed^Mix(a^Mix(b)))>>11) / (1 << 53)
}

// Mix scrambles x: the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
func Mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Of is a number that stands for a peer in Chance.
func Of(p swarm.PeerID) uint64 {
	var x uint64
	for i, b := range p {
		x = x<<8 | uint64(b)
		if i%8 == 7 {
			x = Mix(x)
		}
	}
	return x
}
