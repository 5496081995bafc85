package impair

import (
	"net/netip"
	"testing"
)

// BenchmarkWrite tells what a packet of 1118 bytes costs, until it has left: on the bare socket, and on an impaired one
// with 1 ms of delay, alone and under jitter, which keeps packets apart.
func BenchmarkWrite(b *testing.B) {
	r := listen(b) // that nobody reads: the kernel drops what is too much
	defer r.Close()
	to := r.LocalAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort()
	packet := make([]byte, 1118)
	b.Run("bare", func(b *testing.B) {
		c := listen(b)
		defer c.Close()
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := c.WriteMsgUDPAddrPort(packet, nil, to); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, way := range []struct {
		name   string
		config Config
	}{{"delay", Config{Median: ms}}, {"jitter", Config{Median: ms, Jitter: 4 * ms, Loss: 0.01}}} {
		b.Run(way.name, func(b *testing.B) {
			c := impaired(b, Options{Config: way.config})
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, _, err := c.WriteMsgUDPAddrPort(packet, nil, to); err != nil {
					b.Fatal(err)
				}
				if i%4096 == 4095 {
					drain(b, c) // 16384 would be too many
				}
			}
			drain(b, c)
			s := c.Stats()
			b.ReportMetric(float64(s.Sent)/float64(max(s.Writes, 1)), "packets/message")
			if s.Overrun > 0 || s.Failed > 0 {
				b.Errorf("%+v", s)
			}
		})
	}
}
