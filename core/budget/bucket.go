package budget

import "time"

// nano is the parts a byte has in a bucket: rate times nanoseconds is exact.
const nano = int64(time.Second)

// bucket is a token bucket. Its level may be below zero: that is owed.
type bucket struct {
	rate  int64         // bytes per second
	depth int64         // bytes
	level int64         // bytes / nano
	at    time.Duration // when level was right
}

// flow lets tokens in until now.
func (b *bucket) flow(now time.Duration) {
	dt := int64(min(now-b.at, 2*time.Second)) // by then it is full, whatever was owed
	if dt <= 0 {
		return
	}
	b.at = now
	b.level = min(b.level+b.rate*dt, b.depth*nano)
}

// has reports whether size bytes are there.
func (b *bucket) has(size int64) bool { return b.level >= size*nano }

// take takes size bytes, whether they are there or not. No more than a second is ever owed: what was charged
// longer ago is out of every window that could still be exceeded.
func (b *bucket) take(size int64) {
	b.level = max(b.level-size*nano, -b.rate*nano)
}

// wait is how long it takes until size bytes are there, where others take some bytes per second: at most half of all.
func (b *bucket) wait(size, others int64) time.Duration {
	missing := size*nano - b.level
	if missing <= 0 {
		return 0
	}
	rate := max(b.rate-others, b.rate/2, 1)
	return time.Duration((missing + rate - 1) / rate)
}

// resize changes rate and depth; what is in beyond the new depth is lost.
func (b *bucket) resize(rate, depth int64) {
	b.rate, b.depth = rate, depth
	b.level = min(b.level, depth*nano)
}

// meter counts bytes of the last second, in tenths.
type meter struct {
	slots [10]uint64
	slot  int64 // number of the slot that fills
	sum   uint64
}

const meterSlot = 100 * time.Millisecond

func (m *meter) roll(now time.Duration) {
	slot := int64(now / meterSlot)
	for range min(slot-m.slot, int64(len(m.slots))) {
		m.slot++
		i := m.slot % int64(len(m.slots))
		m.sum -= m.slots[i]
		m.slots[i] = 0
	}
	m.slot = max(m.slot, slot)
}

func (m *meter) add(now time.Duration, bytes uint64) {
	m.roll(now)
	i := m.slot % int64(len(m.slots))
	m.slots[i] += bytes
	m.sum += bytes
}

// rate is bytes per second, over the last second.
func (m *meter) rate(now time.Duration) uint64 {
	m.roll(now)
	return m.sum
}
