package internet

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// Internet routes packets between machines. Its methods may be called by several goroutines at once.
type Internet struct {
	start  time.Time
	group  sync.WaitGroup // of the machines' readers
	mu     sync.Mutex
	places map[netip.Addr]place // by public address
	all    []*Machine
	bytes  map[[2]*Machine]uint64
}

// place is what has a public address: a machine or a home.
type place struct {
	machine *Machine
	home    *Home
}

// Home is a private network behind a NAT. All homes use the same private addresses, as real ones do.
type Home struct {
	net    *Internet
	public netip.Addr
	nat    *NAT
	inside map[netip.Addr]*Machine
}

// New makes an internet without machines.
func New() *Internet {
	return &Internet{start: time.Now(), places: make(map[netip.Addr]place), bytes: make(map[[2]*Machine]uint64)}
}

// Close ends all machines' devices and waits for what carries their packets. Processes that run on them are the caller's.
func (i *Internet) Close() error {
	i.mu.Lock()
	all := i.all
	i.all = nil
	i.mu.Unlock()
	var errs []error
	for _, m := range all {
		errs = append(errs, m.close())
	}
	i.group.Wait()
	return errors.Join(errs...)
}

// public is the next public address: those of RFC 5737's documentation networks, which nobody has.
func (i *Internet) public() netip.Addr {
	n := len(i.places)
	return netip.AddrFrom4([4]byte{203, 0, 113, byte(n + 1)})
}

// Home makes a home behind a NAT.
func (i *Internet) Home(kind Type) *Home {
	i.mu.Lock()
	defer i.mu.Unlock()
	ip := i.public()
	h := &Home{net: i, public: ip, nat: NewNAT(kind, ip), inside: make(map[netip.Addr]*Machine)}
	i.places[ip] = place{home: h}
	return h
}

// Machine makes a machine that has a public address. Errors say what the system does not allow.
func (i *Internet) Machine() (*Machine, error) {
	i.mu.Lock()
	ip := i.public()
	i.mu.Unlock()
	return i.machine(ip, nil)
}

// Type is that of the home's NAT.
func (h *Home) Type() Type { return h.nat.kind }

// Machine makes a machine in a home. Errors say what the system does not allow.
func (h *Home) Machine() (*Machine, error) {
	h.net.mu.Lock()
	ip := netip.AddrFrom4([4]byte{192, 168, 1, byte(10 + len(h.inside))})
	h.net.mu.Unlock()
	return h.net.machine(ip, h)
}

func (i *Internet) machine(ip netip.Addr, home *Home) (*Machine, error) {
	m, err := newMachine(ip)
	if err != nil {
		return nil, fmt.Errorf("internet: machine %s: %w", ip, err)
	}
	m.home = home
	i.mu.Lock()
	defer i.mu.Unlock()
	if home != nil {
		home.inside[ip] = m
	} else {
		i.places[ip] = place{machine: m}
	}
	i.all = append(i.all, m)
	i.group.Go(func() { i.carry(m) })
	return m, nil
}

// Carried is how many bytes of UDP packets have come from one machine to another.
func (i *Internet) Carried(from, to *Machine) uint64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.bytes[[2]*Machine{from, to}]
}

// carry takes what a machine sends until its device is closed.
func (i *Internet) carry(m *Machine) {
	buf := make([]byte, 1<<16)
	for {
		n, err := m.tun.Read(buf)
		if err != nil {
			return
		}
		p := packet(buf[:n])
		if f, ok := p.flow(); ok {
			if to, out := i.route(m, f, n); to != nil {
				p.rewrite(out)
				_, _ = to.tun.Write(p) // a machine that is gone gets nothing
			}
		}
	}
}

// route finds the machine that a packet is for, and the ends that it has there.
func (i *Internet) route(from *Machine, f Flow, size int) (*Machine, Flow) {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := time.Since(i.start)
	to := (*Machine)(nil)
	if from.home != nil {
		if to = from.home.inside[f.To.Addr()]; to == nil {
			f = from.home.nat.Out(f, now)
		}
	}
	if to == nil {
		at := i.places[f.To.Addr()]
		to = at.machine
		if at.home != nil {
			if at.home == from.home {
				return nil, f // few NATs let packets turn round
			}
			var ok bool
			if f, ok = at.home.nat.In(f, now); !ok {
				return nil, f
			}
			to = at.home.inside[f.To.Addr()]
		}
	}
	if to != nil && f.Protocol == udp {
		i.bytes[[2]*Machine{from, to}] += uint64(size)
	}
	return to, f
}
