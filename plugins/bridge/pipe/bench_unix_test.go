//go:build unix

package pipe

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPipe moves messages one way, both ends in this process, as fast as they go.
func BenchmarkPipe(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 10, 256 << 10} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			a, c := socketPair(b)
			out := NewOutbox(NewSocket(a, 1<<20), 512<<10, nil)
			go func() { _ = out.Run() }()
			m := Message{Head: make([]byte, 12), Body: make([]byte, size)}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			before := cpuTime(b)
			go func() {
				for range b.N {
					if out.Put(m) != nil {
						return
					}
				}
			}()
			in := NewSocket(c, 1<<20)
			var batch [][]byte
			for got := 0; got < b.N; {
				var err error
				if batch, err = in.Receive(batch[:0]); err != nil {
					b.Fatal(err)
				}
				got += len(batch)
			}
			b.StopTimer()
			b.ReportMetric((cpuTime(b)-before).Seconds()*1e9/float64(size)/float64(b.N), "cpu-s/GB")
			out.Close(time.Second)
		})
	}
}
