package impair

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// listen opens a socket on loopback until the end of the test.
func listen(t testing.TB) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the test may have
	return c
}

func impaired(t testing.TB, o Options) *Conn {
	t.Helper()
	c, err := New(listen(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the test may have
	return c
}

// arrival is a packet that a receiver read: number, who sent it, and how long it took.
type arrival struct {
	number int
	from   netip.AddrPort
	took   time.Duration
	at     time.Duration
	size   int
}

// receiver reads packets until the end of the test.
type receiver struct {
	addr  *net.UDPAddr
	began time.Time
	got   chan arrival
}

func receive(t testing.TB) *receiver {
	t.Helper()
	c := listen(t)
	if err := c.SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	r := &receiver{addr: c.LocalAddr().(*net.UDPAddr), began: time.Now(), got: make(chan arrival, 1<<16)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 2000)
		for {
			n, from, err := c.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			now := time.Since(r.began)
			a := arrival{from: from, at: now, size: n}
			if n >= 12 {
				a.number = int(binary.BigEndian.Uint32(b))
				a.took = now - time.Duration(binary.BigEndian.Uint64(b[4:]))
			}
			r.got <- a
		}
	}()
	t.Cleanup(func() { _ = c.Close(); <-done })
	return r
}

// stamp writes number and time into a packet.
func (r *receiver) stamp(b []byte, number int) []byte {
	binary.BigEndian.PutUint32(b, uint32(number))
	binary.BigEndian.PutUint64(b[4:], uint64(time.Since(r.began)))
	return b
}

func (r *receiver) next(t testing.TB) arrival {
	t.Helper()
	select {
	case a := <-r.got:
		return a
	case <-time.After(10 * time.Second):
		t.Fatal("nothing arrives for 10 s")
		return arrival{}
	}
}

func (r *receiver) take(t testing.TB, n int) []arrival {
	t.Helper()
	all := make([]arrival, n)
	for i := range all {
		all[i] = r.next(t)
	}
	return all
}

func drain(t testing.TB, c *Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.Drain(ctx); err != nil {
		t.Fatalf("Drain: %v; %+v", err, c.Stats())
	}
}

func quantile(all []time.Duration, share float64) time.Duration {
	slices.Sort(all)
	return all[int(share*float64(len(all)-1))]
}

// A packet is never early; how late it is, beside an unimpaired one of the same moment, is the machine's business.
func TestDelay(t *testing.T) {
	r := receive(t)
	bare := listen(t)
	plain := impaired(t, Options{Config: Config{Median: 40 * ms}})
	shaky := impaired(t, Options{Config: Config{Median: 40 * ms, Jitter: 40 * ms, Seed: 1}})
	const packets = 300
	tick := time.NewTicker(ms)
	defer tick.Stop()
	for i := range packets {
		<-tick.C
		for _, w := range []interface {
			WriteTo([]byte, net.Addr) (int, error)
		}{bare, plain, shaky} {
			if n, err := w.WriteTo(r.stamp(make([]byte, 100), i), r.addr); n != 100 || err != nil {
				t.Fatal(n, err)
			}
		}
	}
	took := make(map[netip.AddrPort][]time.Duration)
	for _, a := range r.take(t, 3*packets) {
		took[a.from] = append(took[a.from], a.took)
	}
	of := func(c interface{ LocalAddr() net.Addr }) []time.Duration {
		return took[c.LocalAddr().(*net.UDPAddr).AddrPort()]
	}
	base := quantile(of(bare), 0.5)
	t.Logf("bare p50 %v; 40ms: p50 %v p90 %v; 40ms and 0..40ms: p10 %v p50 %v p90 %v", base,
		quantile(of(plain), 0.5), quantile(of(plain), 0.9), quantile(of(shaky), 0.1), quantile(of(shaky), 0.5), quantile(of(shaky), 0.9))
	for _, all := range [][]time.Duration{of(plain), of(shaky)} {
		if least := quantile(all, 0); least < 40*ms {
			t.Errorf("a packet is early: %v", least)
		}
	}
	const late = 8 * ms
	for _, c := range []struct {
		all   []time.Duration
		share float64
		want  time.Duration
		off   time.Duration // besides
	}{{of(plain), 0.5, 40 * ms, 0}, {of(shaky), 0.1, 44 * ms, 3 * ms}, {of(shaky), 0.5, 60 * ms, 6 * ms}, {of(shaky), 0.9, 76 * ms, 3 * ms}} {
		if got := quantile(c.all, c.share) - base; got < c.want-c.off-ms || got > c.want+c.off+late {
			t.Errorf("p%.0f is %v beyond the bare socket; want %v", 100*c.share, got, c.want)
		}
	}
}

// The same seed loses the same packets, and what is not lost arrives.
func TestLoss(t *testing.T) {
	const packets, burst = 2000, 50
	var before []int
	for range 2 {
		r := receive(t)
		c := impaired(t, Options{Config: Config{Loss: 0.1, Seed: 5}, Salt: 6})
		var got []int
		for i := range packets {
			if _, err := c.WriteTo(r.stamp(make([]byte, 100), i), r.addr); err != nil {
				t.Fatal(err)
			}
			if i%burst == burst-1 {
				for _, a := range r.take(t, i+1-int(c.Stats().Lost)-len(got)) {
					got = append(got, a.number)
				}
			}
		}
		if lost := packets - len(got); lost < 150 || lost > 250 || !slices.IsSorted(got) {
			t.Errorf("%d of %d lost; want 200, the others in order", lost, packets)
		}
		if before != nil && !slices.Equal(before, got) {
			t.Error("the second socket of the seed lost other packets")
		}
		before = got
	}
}

// No packet leaves before the uplink had time for it and all before it, so no window has more than the rate.
func TestUplink(t *testing.T) {
	r := receive(t)
	c := impaired(t, Options{Config: Config{Uplink: 100_000, Queue: 5 * time.Second}})
	const packets, each = 130, 10 * ms // 1000 bytes each, with headers
	began := time.Since(r.began)
	for i := range packets {
		if _, err := c.WriteTo(r.stamp(make([]byte, 1000-ipv4Headers), i), r.addr); err != nil {
			t.Fatal(err)
		}
	}
	all := r.take(t, packets)
	for i, a := range all {
		if earliest := began + time.Duration(i+1)*each; a.number != i || a.at < earliest {
			t.Fatalf("packet %d arrives in place %d, %v before its time", a.number, i, earliest-a.at)
		}
	}
	if last := all[packets-1].at - began; last > packets*each+300*ms {
		t.Errorf("130 kB took %v; want 1.3 s", last)
	}
}

func TestQueueIsBounded(t *testing.T) {
	r := receive(t)
	c := impaired(t, Options{Config: Config{Uplink: 100_000, Queue: 50 * ms}})
	began := time.Now()
	for i := range 100 {
		if _, err := c.WriteTo(r.stamp(make([]byte, 1000-ipv4Headers), i), r.addr); err != nil {
			t.Fatal(err)
		}
	}
	more := int(time.Since(began)/(10*ms)) + 1
	drain(t, c)
	s := c.Stats()
	if s.Sent < 6 || s.Sent > uint64(6+more) || s.Sent+s.Overflowed != 100 {
		t.Errorf("%+v; want 6 sent, and the others overflowed", s)
	}
	for _, a := range r.take(t, int(s.Sent)) {
		if a.took > 60*ms+500*ms {
			t.Errorf("packet %d waited for %v", a.number, a.took)
		}
	}
}

// Ordered packets stay in order under jitter, the others do not.
func TestOrder(t *testing.T) {
	r := receive(t)
	isOrdered := func(b []byte) bool { return b[12] == 1 }
	c := impaired(t, Options{Config: Config{Jitter: 30 * ms, Seed: 1}, Ordered: isOrdered})
	const packets = 200
	for i := range packets {
		b := r.stamp(make([]byte, 100+i%2), i)
		b[12] = byte(i % 2)
		if _, err := c.WriteTo(b, r.addr); err != nil {
			t.Fatal(err)
		}
	}
	var of [2][]int
	for _, a := range r.take(t, packets) {
		of[a.number%2] = append(of[a.number%2], a.number)
	}
	if !slices.IsSorted(of[1]) || slices.IsSorted(of[0]) {
		t.Errorf("ordered: %v\nothers: %v", of[1], of[0])
	}
}

// Close sends nothing, ends the goroutine, and lets later writes fail. After Drain nothing is left to lose.
func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	r := receive(t)
	c := impaired(t, Options{Config: Config{Median: 50 * ms}})
	for i := range 20 {
		if _, err := c.WriteTo(r.stamp(make([]byte, 100), i), r.addr); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the second Close: %v", err)
	}
	if _, err := c.WriteTo(make([]byte, 100), r.addr); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write after Close: %v", err)
	}
	if err := c.Drain(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Drain after Close: %v", err)
	}
	late := impaired(t, Options{Config: Config{Median: 100 * ms}})
	if _, err := late.WriteTo(r.stamp(make([]byte, 100), 99), r.addr); err != nil {
		t.Fatal(err)
	}
	drain(t, late)
	if err := late.Close(); err != nil {
		t.Fatal(err)
	}
	if a := r.next(t); a.number != 99 {
		t.Errorf("packet %d arrives although its socket was closed", a.number)
	}
	const own = 1 // the receiver's
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+own; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines more than before", runtime.NumGoroutine()-before-own)
		}
	}
}

func TestDrainEndsWithItsContext(t *testing.T) {
	r := receive(t)
	c := impaired(t, Options{Config: Config{Median: 10 * time.Second}})
	if _, err := c.WriteTo(make([]byte, 100), r.addr); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), ms)
	defer cancel()
	if err := c.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Drain: %v", err)
	}
}

// All methods at once, and Close in the middle of it.
func TestManyAtOnce(t *testing.T) {
	r := receive(t)
	c := impaired(t, Options{Config: Config{Jitter: 2 * ms, Loss: 0.1, Uplink: 10_000_000}})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				if _, _, err := c.WriteMsgUDP(r.stamp(make([]byte, 100+i%1000), i), nil, r.addr); err != nil {
					if !errors.Is(err, net.ErrClosed) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	r.take(t, 500)
	_ = c.Stats()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	group.Wait()
}

func TestNewRefuses(t *testing.T) {
	bare := listen(t)
	if _, err := New(bare, Options{Config: Config{Loss: 2}}); !errors.Is(err, ErrConfig) {
		t.Errorf("a loss of 200%%: %v", err)
	}
	connected, err := net.DialUDP("udp", nil, bare.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connected.Close() }()
	if _, err := New(connected, Options{}); !errors.Is(err, ErrConfig) {
		t.Errorf("a connected socket: %v", err)
	}
	if _, err := bare.WriteTo(nil, bare.LocalAddr()); err != nil {
		t.Errorf("the refused socket is not the caller's: %v", err)
	}
}

// Addresses that nothing can be sent to are told at once, as the bare socket tells them.
func TestWriteToNowhere(t *testing.T) {
	c := impaired(t, Options{})
	if _, _, err := c.WriteMsgUDP([]byte("x"), nil, nil); err == nil {
		t.Error("no address, no error")
	}
	if _, err := c.WriteTo([]byte("x"), &net.TCPAddr{}); err == nil {
		t.Error("a TCP address, no error")
	}
	if _, err := c.WriteToUDPAddrPort([]byte("x"), netip.AddrPort{}); err == nil {
		t.Error("no address, no error")
	}
	if _, err := c.Write([]byte("x")); err == nil {
		t.Error("not connected, no error")
	}
}

// What is written after Change overtakes what was written before; a bad one changes nothing.
func TestConnChanges(t *testing.T) {
	r := receive(t)
	c := impaired(t, Options{Config: Config{Median: 10 * time.Second}})
	send := func(number int) {
		t.Helper()
		if _, err := c.WriteTo(r.stamp(make([]byte, 100), number), r.addr); err != nil {
			t.Fatal(err)
		}
	}
	send(1)
	if err := c.Change(Config{Median: ms}); err != nil {
		t.Fatal(err)
	}
	send(2)
	if err := c.Change(Config{Loss: 2}); !errors.Is(err, ErrConfig) {
		t.Errorf("a loss of 200%%: %v", err)
	}
	send(3)
	for i, a := range r.take(t, 2) {
		if a.number != i+2 || a.took < ms || a.took > 5*time.Second {
			t.Errorf("packet %d arrives in place %d after %v; want at least 1ms, not 10s", a.number, i, a.took)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Change(Config{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Change after Close: %v", err)
	}
}
