package internet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Machine is a network namespace with one device. Its methods may be called by several goroutines at once.
type Machine struct {
	ip        netip.Addr
	home      *Home
	tun       *os.File
	namespace *os.File
}

// Addr is the machine's own address.
func (m *Machine) Addr() netip.Addr { return m.ip }

// Home is the home that the machine is in; nil for none.
func (m *Machine) Home() *Home { return m.home }

// Start starts a command on the machine, as its Start does.
func (m *Machine) Start(cmd *exec.Cmd) error { return m.inside(cmd.Start) }

// Dial opens a connection from the machine to a numeric address.
func (m *Machine) Dial(ctx context.Context, network, address string) (c net.Conn, err error) {
	err = m.inside(func() error {
		var d net.Dialer
		c, err = d.DialContext(ctx, network, address)
		return err
	})
	return c, err
}

// ListenPacket opens a UDP socket on the machine.
func (m *Machine) ListenPacket(network, address string) (c net.PacketConn, err error) {
	err = m.inside(func() error {
		c, err = net.ListenPacket(network, address)
		return err
	})
	return c, err
}

// Listen opens a TCP listener on the machine.
func (m *Machine) Listen(network, address string) (l net.Listener, err error) {
	err = m.inside(func() error {
		l, err = net.Listen(network, address)
		return err
	})
	return l, err
}

// inside calls f on a thread that is in the machine's namespace. What f opens or starts itself stays there.
func (m *Machine) inside(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(m.namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the namespace of %s: %w", m.ip, err)
		}
		return f()
	})
}

// onThread calls f on a thread of its own, which ends with it.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: nobody else is to run in another namespace
		done <- f()
	}()
	return <-done
}

func newMachine(ip netip.Addr) (*Machine, error) {
	m := &Machine{ip: ip}
	err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		var err error
		if m.namespace, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return err
		}
		if m.tun, err = openTUN("net0"); err != nil {
			return err
		}
		for _, args := range []string{"link set lo up", "link set net0 up", "addr add " + ip.String() + "/32 dev net0", "route add default dev net0"} {
			if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
				return fmt.Errorf("ip %s: %w %s", args, err, out)
			}
		}
		return nil
	})
	if err != nil {
		_ = m.close() // the first error says more
		return nil, err
	}
	return m, nil
}

// openTUN makes a device whose packets this process reads and writes.
func openTUN(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		_ = unix.Close(fd) // nothing was written
		return nil, fmt.Errorf("make a TUN device: %w", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

func (m *Machine) close() error {
	var first error
	for _, f := range []*os.File{m.tun, m.namespace} {
		if f == nil {
			continue
		}
		if err := f.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
