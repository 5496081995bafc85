package impair

import (
	"net"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// segments makes the control message that quic-go adds.
func segments(size int) []byte { return appendSegmentSize(nil, segmentHeader(), size) }

func needsSegmentation(t testing.TB, c *net.UDPConn) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { _, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT) }); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Skipf("SKIPPED: this kernel has no UDP_SEGMENT (%v); Linux 4.18 or later runs it", err)
	}
}

// A segmented write arrives as its segments, and leaves in one message where all are due at once.
func TestSegmentsTravelTogether(t *testing.T) {
	r := receive(t)
	c := impaired(t, Options{Config: Config{Median: 5 * ms}})
	needsSegmentation(t, c.UDPConn)
	const size, full, rest = 1000, 10, 300
	n, oobn, err := c.WriteMsgUDP(make([]byte, full*size+rest), segments(size), r.addr)
	if n != full*size+rest || oobn != len(segments(size)) || err != nil {
		t.Fatal(n, oobn, err)
	}
	for i, a := range r.take(t, full+1) {
		if want := size; i < full && a.size != want || i == full && a.size != rest {
			t.Errorf("packet %d has %d bytes", i, a.size)
		}
	}
	drain(t, c)
	if s := c.Stats(); s.Sent != full+1 || s.Writes != 1 {
		t.Errorf("%+v; want %d packets in one message", s, full+1)
	}
}

// Single writes that are due together leave together.
func TestSingleWritesAreSegmented(t *testing.T) {
	r, other := receive(t), receive(t)
	c := impaired(t, Options{Config: Config{Median: 20 * ms}})
	needsSegmentation(t, c.UDPConn)
	for i := range 20 {
		for _, to := range []*receiver{r, other} {
			if _, err := c.WriteTo(to.stamp(make([]byte, 1000), i), to.addr); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, to := range []*receiver{r, other} {
		for i, a := range to.take(t, 20) {
			if a.number != i || a.size != 1000 {
				t.Errorf("packet %d has number %d and %d bytes", i, a.number, a.size)
			}
		}
	}
	drain(t, c)
	if s := c.Stats(); s.Sent != 40 || s.Writes >= 40 {
		t.Errorf("%+v; want fewer messages than packets", s)
	}
}

// Segments have fates of their own.
func TestSegmentsAreImpairedOneByOne(t *testing.T) {
	r := receive(t)
	c := impaired(t, Options{Config: Config{Median: ms, Jitter: 20 * ms, Loss: 0.3, Seed: 1}})
	const size, count, writes = 500, 20, 10
	for range writes {
		if _, _, err := c.WriteMsgUDP(make([]byte, count*size), segments(size), r.addr); err != nil {
			t.Fatal(err)
		}
	}
	drain(t, c)
	s := c.Stats()
	if s.Lost < 30 || s.Lost > 90 || s.Sent+s.Lost != writes*count || s.Failed != 0 {
		t.Errorf("%+v; want about 60 of 200 lost, and the others sent", s)
	}
	for _, a := range r.take(t, int(s.Sent)) {
		if a.size != size {
			t.Errorf("a packet of %d bytes", a.size)
		}
	}
}

// The kernel sees a whole queue of the uplink in one write.
func TestSegmentsQueueOneByOne(t *testing.T) {
	r := receive(t)
	c := impaired(t, Options{Config: Config{Uplink: 1_000_000, Queue: 5 * ms}})
	if _, _, err := c.WriteMsgUDP(make([]byte, 20*(1000-ipv4Headers)), segments(1000-ipv4Headers), r.addr); err != nil {
		t.Fatal(err)
	}
	drain(t, c)
	if s := c.Stats(); s.Sent != 6 || s.Overflowed != 14 {
		t.Errorf("%+v; want 6 sent and 14 overflowed", s)
	}
	r.take(t, 6)
}

// Sizes and marks decide what may leave as one message.
func TestTrains(t *testing.T) {
	d, e := &destination{addr: &net.UDPAddr{}}, &destination{addr: &net.UDPAddr{}}
	var marked control
	marked.length = 1
	for _, c := range []struct {
		name  string
		round []*packet
		want  []int // packets of each message
	}{
		{"equal sizes", sized(d, 5, 5, 5), []int{3}},
		{"a shorter one ends it", sized(d, 5, 5, 3, 3), []int{3, 1}},
		{"a longer one begins another", sized(d, 3, 5, 5), []int{1, 2}},
		{"an empty one is alone", sized(d, 5, 0, 5), []int{1, 1, 1}},
		{"too many", sized(d, slices.Repeat([]int{5}, maxTrain+1)...), []int{maxTrain, 1}},
		{"two destinations", append(append(sized(d, 5), sized(e, 5)...), sized(d, 5)...), []int{2, 1}},
		{"another mark", append(sized(d, 5), &packet{to: d, data: make([]byte, 5), control: marked}), []int{1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.batch, e.batch = 0, 0
			s := &sender{rounds: 1}
			for _, p := range c.round {
				s.couple(p)
			}
			if len(s.trains) != len(c.want) {
				t.Fatalf("%d messages; want %v", len(s.trains), c.want)
			}
			for i, n := range c.want {
				if len(s.trains[i].packets) != n {
					t.Errorf("message %d has %d packets; want %v", i, len(s.trains[i].packets), c.want)
				}
			}
		})
	}
}

func sized(d *destination, sizes ...int) []*packet {
	var list []*packet
	for _, n := range sizes {
		list = append(list, &packet{to: d, data: make([]byte, n)})
	}
	return list
}

// What is not for us is passed on, and what the kernel would refuse is refused.
func TestSplitControl(t *testing.T) {
	other := make([]byte, unix.CmsgSpace(4))
	copy(other, segments(7)) // a valid header
	other[unix.SizeofPtr] = unix.IPPROTO_IP
	both := append(append(append([]byte{}, other...), segments(1200)...), other...)
	c, size, err := splitControl(both)
	if err != nil || size != 1200 || string(c.oob()) != string(other)+string(other) {
		t.Errorf("%d, %v, %x", size, err, c.oob())
	}
	if _, _, err := splitControl([]byte{1, 2, 3}); err == nil {
		t.Error("a torn header is no error")
	}
	if _, _, err := splitControl(append(append(append([]byte{}, other...), other...), other...)); err == nil {
		t.Error("too much of it is no error")
	}
}

// What the kernel refuses is counted, and costs nobody else anything. Port 0 is nobody's.
func TestRefusedPacketsAreCounted(t *testing.T) {
	r := receive(t)
	c := impaired(t, Options{Config: Config{Median: 5 * ms}})
	nobody := net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	if _, _, err := c.WriteMsgUDP(make([]byte, 3000), segments(1000), &nobody); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, err := c.WriteTo(r.stamp(make([]byte, 1000), i), r.addr); err != nil {
			t.Fatal(err)
		}
	}
	r.take(t, 3)
	drain(t, c)
	if s := c.Stats(); s.Sent != 3 || s.Failed != 3 {
		t.Errorf("%+v; want 3 sent and 3 failed", s)
	}
}
