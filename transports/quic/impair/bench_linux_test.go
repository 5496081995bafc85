package impair

import (
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// writer is what both sockets are.
type writer interface {
	WriteMsgUDPAddrPort(b, oob []byte, addr netip.AddrPort) (n, oobn int, err error)
}

// BenchmarkWrite tells what a packet of 1118 bytes costs until it has left, in time and in CPU time of the process: on the
// bare socket, and on an impaired one with 1 ms of delay, alone and with jitter and loss; one packet a write, and 16.
func BenchmarkWrite(b *testing.B) {
	r := listen(b) // that nobody reads: the kernel drops what is too much
	needsSegmentation(b, r)
	to := r.LocalAddr().(*net.UDPAddr).AddrPort()
	for _, segmented := range []struct {
		name  string
		count int
		oob   []byte
	}{{"single", 1, nil}, {"segmented", 16, segments(1118)}} {
		data := make([]byte, 1118*segmented.count)
		write := func(b *testing.B, w writer) {
			if _, _, err := w.WriteMsgUDPAddrPort(data, segmented.oob, to); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(segmented.name+"/bare", func(b *testing.B) {
			c := listen(b)
			began := cpuTime(b)
			for i := 0; i < b.N; i += segmented.count {
				write(b, c)
			}
			b.ReportMetric(float64(cpuTime(b)-began)/float64(b.N), "cpu-ns/op")
		})
		for _, way := range []struct {
			name   string
			config Config
		}{{"delay", Config{Median: ms}}, {"jitter", Config{Median: ms, Jitter: 4 * ms, Loss: 0.01}}} {
			b.Run(segmented.name+"/"+way.name, func(b *testing.B) {
				c := impaired(b, Options{Config: way.config})
				began := cpuTime(b)
				for i := 0; i < b.N; i += segmented.count {
					write(b, c)
					if i/4096 != (i+segmented.count)/4096 {
						drain(b, c) // 16384 would be too many
					}
				}
				drain(b, c)
				b.ReportMetric(float64(cpuTime(b)-began)/float64(b.N), "cpu-ns/op")
				s := c.Stats()
				b.ReportMetric(float64(s.Sent)/float64(max(s.Writes, 1)), "packets/message")
				if s.Overrun > 0 || s.Failed > 0 {
					b.Errorf("%+v", s)
				}
			})
		}
	}
}

// cpuTime is that of the process, in nanoseconds.
func cpuTime(b *testing.B) int64 {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
