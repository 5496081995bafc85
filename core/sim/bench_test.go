package sim

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/plugins/schedulers/substream"
)

// homes are viewers with the uplinks that people have, 1.4 times what they need together, in groups of 100 ms.
func homes(viewers int, bitrate uint64) Config {
	const duration = 9 * time.Second
	cfg := Config{
		Seed: 1, Duration: duration, Copies: 4, Policy: substream.New, PolicyName: "substream", Params: map[string]string{"copies": "4"},
		Stream:  Stream{Bitrate: bitrate, ChunkSize: 900, Group: 100 * time.Millisecond},
		Source:  Uplink{Rate: bitrate * 6 / 10, Cap: bitrate * 6 / 10},
		Network: Network{Median: 40 * time.Millisecond, Sigma: 0.5, Min: 5 * time.Millisecond, Jitter: 2 * time.Millisecond, Loss: 0.01},
	}
	wire := cfg.WireRate()
	all := float64(viewers) * wire
	scale := (1.4*all - float64(cfg.Source.Rate)) / (all * (0.35*0.7 + 0.35*1.5 + 0.15*4))
	for _, c := range []struct{ share, rate float64 }{{0.15, 0}, {0.35, 0.7}, {0.35, 1.5}, {0.15, 4}} {
		cfg.Groups = append(cfg.Groups, Class{
			Count: int(c.share * float64(viewers)), Over: duration / 3, Uplink: Uplink{Rate: uint64(max(scale*c.rate*wire, None))},
		})
	}
	return cfg
}

// heap is what is in use, and was allocated so far.
func heap() runtime.MemStats {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}

// BenchmarkSwarm is a whole run, engines and policies included: what a chunk that a viewer can use costs, and what a peer holds
// at the end. The budget is 8 us a chunk and 120 KB a peer, at 1 Mb/s.
func BenchmarkSwarm(b *testing.B) {
	for name, bitrate := range map[string]uint64{"1Mbps": 1_000_000, "2.5Mbps": 2_500_000} { // order-free: each stands alone
		cfg := homes(300, bitrate)
		b.Run(name, func(b *testing.B) { benchmark(b, cfg) })
		cfg.Each = func(n int, f func(int)) {
			var all sync.WaitGroup
			for core := range 2 {
				all.Go(func() {
					for i := core; i < n; i += 2 {
						f(i)
					}
				})
			}
			all.Wait()
		}
		b.Run(name+"-at-once", func(b *testing.B) { benchmark(b, cfg) })
	}
}

func benchmark(b *testing.B, cfg Config) {
	var chunks, events, peers, allocations, held uint64
	for b.Loop() {
		b.StopTimer()
		empty := heap()
		b.StartTimer()
		w, err := build(cfg)
		if err == nil {
			err = w.run()
		}
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		full := heap()
		held += full.HeapAlloc - empty.HeapAlloc
		allocations += full.Mallocs - empty.Mallocs
		events += w.events
		peers += uint64(len(w.peers))
		for _, p := range w.peers[1:] {
			chunks += w.measure(&p.parts[0]).Useful
		}
		b.StartTimer()
	}
	took := b.Elapsed()
	b.ReportMetric(float64(took.Nanoseconds())/float64(chunks), "ns/chunk")
	b.ReportMetric(float64(allocations)/float64(chunks), "allocs/chunk")
	b.ReportMetric(float64(held)/float64(peers), "B/peer")
	b.ReportMetric(float64(events)/took.Seconds(), "events/s")
}
