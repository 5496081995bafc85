package impair

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// BenchmarkSwarm tells what the 350 sockets of a swarm in one process cost, bare and impaired as a trial has them: each sends
// 1 Mb/s, a packet of 1150 bytes to each of 4 others every 36.8 ms, all at times of their own. One op is 36.8 ms, so take
// -benchtime 100x. Nobody reads: what arrives costs what the kernel needs to drop it.
func BenchmarkSwarm(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		swarm(b, func(int) (writer, func()) { return listen(b), func() {} })
	})
	b.Run("impaired", func(b *testing.B) {
		cfg := Config{Median: 40 * ms, Sigma: 0.5, Jitter: 2 * ms, Loss: 0.01, Uplink: 500_000, Seed: 1}
		swarm(b, func(i int) (writer, func()) {
			c := impaired(b, Options{Config: cfg, Salt: uint64(i)})
			return c, func() { drain(b, c) }
		})
	})
}

func swarm(b *testing.B, open func(i int) (w writer, drain func())) {
	const (
		sockets, fanout, size = 350, 4, 1150
		every                 = 36800 * time.Microsecond
	)
	var (
		writers [sockets]writer
		drains  [sockets]func()
		addrs   [sockets]netip.AddrPort
		data    [size]byte
	)
	for i := range writers {
		writers[i], drains[i] = open(i)
		addrs[i] = writers[i].(interface{ LocalAddr() net.Addr }).LocalAddr().(*net.UDPAddr).AddrPort()
	}
	tick := time.NewTicker(ms)
	defer tick.Stop()
	b.ResetTimer()
	began, cpu := time.Now(), cpuTime(b)
	for next := 0; next < b.N*sockets; {
		for due := int(time.Since(began) * sockets / every); next < min(due, b.N*sockets); next++ {
			for j := range fanout {
				to := addrs[(next+(j+1)*(j+1)*7)%sockets]
				if _, _, err := writers[next%sockets].WriteMsgUDPAddrPort(data[:], nil, to); err != nil {
					b.Fatal(err)
				}
			}
		}
		<-tick.C
	}
	for _, f := range drains {
		f()
	}
	b.StopTimer()
	used := float64(cpuTime(b)-cpu) / 1e9
	packets := float64(b.N * sockets * fanout)
	b.ReportMetric(used/packets*1e6, "cpu-us/packet")
	b.ReportMetric(used/(packets*size/1e9), "cpu-s/GB")
	b.ReportMetric(100*used/b.Elapsed().Seconds(), "%core")
}
