package impair

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"time"
)

// line decides what becomes of packets. It does no input or output and reads no clock: times are what it is told, counted
// from the Conn's beginning. Its heap holds packets by due time and, of the same, in the order in which they came.
type line struct {
	cfg    Config
	own    netip.AddrPort
	random *rand.Rand
	free   time.Duration // when the uplink will be
	count  uint64        // packets ever held
	held   []waiting     // a binary heap
	to     map[netip.AddrPort]*destination
}

// waiting is a packet in the heap.
type waiting struct {
	due    time.Duration
	number uint64
	packet *packet
}

// destination is what a line knows of one address.
type destination struct {
	addr    *net.UDPAddr
	delay   time.Duration
	headers int           // bytes of IP and UDP
	ordered time.Duration // when the last packet that keeps its order is due
	held    int           // packets

	// Of the batch that is being sent; the Conn's goroutine has it.
	message int    // that may grow
	batch   uint64 // to which message belongs
}

const (
	maxHeld         = 16384 // packets, in the uplink's queue and on their way
	maxDestinations = 4096  // remembered; more only while each has packets held

	ipv4Headers = 28 // bytes of IPv4 and UDP
	ipv6Headers = 48 // bytes of IPv6 and UDP
)

// fate is what becomes of a packet.
type fate uint8

const (
	kept       fate = 0 // it leaves when it is due
	lost       fate = 1 // by chance
	overflowed fate = 2 // the uplink's queue is too long
	overrun    fate = 3 // too many are held
)

// order says whether jitter may let a packet overtake others.
type order uint8

const (
	free  order = 0
	keeps order = 1
)

func newLine(cfg Config, own netip.AddrPort, salt uint64) *line {
	l := &line{own: own, to: make(map[netip.AddrPort]*destination), random: rand.New(rand.NewPCG(cfg.Seed, salt))}
	l.change(cfg)
	return l
}

// change decides by cfg from now on. What is held stays due when it was.
func (l *line) change(cfg Config) {
	if cfg.Queue == 0 {
		cfg.Queue = defaultQueue
	}
	l.cfg = cfg
	for a, d := range l.to { // order-free: each by itself
		d.delay = l.delay(a)
	}
}

// delay is that of the pair of this socket and a.
func (l *line) delay(a netip.AddrPort) time.Duration {
	own := l.own
	if own.Addr().IsUnspecified() && a.Addr().IsLoopback() {
		own = netip.AddrPortFrom(a.Addr().WithZone(""), own.Port())
	}
	return l.cfg.Delay(own, a)
}

// towards is the destination of an address. It is the same for as long as it has packets held.
func (l *line) towards(a netip.AddrPort) *destination {
	if d, ok := l.to[a]; ok {
		return d
	}
	if len(l.to) >= maxDestinations {
		for k, d := range l.to { // order-free: deletes only
			if d.held == 0 {
				delete(l.to, k)
			}
		}
	}
	d := &destination{addr: net.UDPAddrFromAddrPort(a), delay: l.delay(a), headers: ipv6Headers}
	if a.Addr().Is4() {
		d.headers = ipv4Headers
	}
	l.to[a] = d
	return d
}

// admit decides on a packet of n bytes that is written now, and answers when it is due if it is kept.
func (l *line) admit(now time.Duration, d *destination, n int, o order) (time.Duration, fate) {
	if len(l.held) >= maxHeld {
		return 0, overrun
	}
	left := now
	if l.cfg.Uplink > 0 {
		if l.free > now+l.cfg.Queue {
			return 0, overflowed
		}
		wire := float64(n + d.headers)
		l.free = max(l.free, now) + time.Duration(wire/float64(l.cfg.Uplink)*float64(time.Second))
		left = l.free
	}
	if l.cfg.Loss > 0 && l.random.Float64() < l.cfg.Loss {
		return 0, lost
	}
	due := left + d.delay
	if l.cfg.Jitter > 0 {
		due += time.Duration(l.random.Int64N(int64(l.cfg.Jitter)))
	}
	if o == keeps {
		due = max(due, d.ordered)
		d.ordered = due
	}
	return due, kept
}

// push holds a packet until it is due.
func (l *line) push(due time.Duration, p *packet) {
	l.count++
	p.to.held++
	l.held = append(l.held, waiting{due, l.count, p})
	for i := len(l.held) - 1; i > 0; {
		parent := (i - 1) / 2
		if !before(&l.held[i], &l.held[parent]) {
			break
		}
		l.held[i], l.held[parent] = l.held[parent], l.held[i]
		i = parent
	}
}

// next is when the first packet is due.
func (l *line) next() (due time.Duration, some bool) {
	if len(l.held) == 0 {
		return 0, false
	}
	return l.held[0].due, true
}

// pop takes the first packet out.
func (l *line) pop() *packet {
	p := l.held[0].packet
	p.to.held--
	last := len(l.held) - 1
	l.held[0] = l.held[last]
	l.held[last] = waiting{}
	l.held = l.held[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return p
		}
		if right := child + 1; right < last && before(&l.held[right], &l.held[child]) {
			child = right
		}
		if !before(&l.held[child], &l.held[i]) {
			return p
		}
		l.held[i], l.held[child] = l.held[child], l.held[i]
		i = child
	}
}

func before(a, b *waiting) bool {
	return a.due < b.due || a.due == b.due && a.number < b.number
}
