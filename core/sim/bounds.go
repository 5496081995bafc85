package sim

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/report"
)

// bounds are the delays that no distribution of this run could beat at the 99th percentile, in milliseconds; see the
// design's section 7. They take the median delay for that of every pair.
//
//   - chunk steps: tau (ceil(log2 N) + 1), tau the time in which the mean uplink sends a chunk;
//   - postal: a peer informed at t delivers its k-th copy at t + k tau + latency, the largest uplinks first, the
//     source its copies alone; the time by which 99 of 100 are informed;
//   - burst: postal plus the fluid time, at all uplinks together, that the chunks of a group up to a given one take
//     for everybody: the 99th percentile over the chunks of the run.
func (w *world) bounds() report.Bounds {
	rates, sum, limited := w.uplinks()
	n := len(rates)
	if n == 0 {
		return report.Bounds{}
	}
	wire := w.frame(w.cfg.Stream.ChunkSize)
	b := report.Bounds{Postal: w.postal(rates, wire)}
	if limited && sum > 0 {
		b.ChunkSteps = float64(wire) / (sum / float64(n+1)) * 1000 * (math.Ceil(math.Log2(float64(n))) + 1)
		b.Burst = b.Postal + w.fluid(sum, n)
	} else {
		b.Burst = b.Postal
	}
	return b
}

// frame is the wire bytes of a chunk frame of that payload.
func (w *world) frame(payload int) int {
	const header = 35 // see swarm.ChunkOverhead
	return payload + header + max(w.cfg.Stream.Proof-signature, 0) + w.cfg.Network.Overhead
}

// uplinks lists those of the viewers that came, the largest first (0 last: no limit is +Inf), and their sum with the
// source's; limited is false when there is one without a limit.
func (w *world) uplinks() (rates []float64, sum float64, limited bool) {
	limited = true
	for _, p := range w.peers {
		if p.final == nil && p.engine == nil {
			continue
		}
		rate := float64(p.uplink.Rate)
		switch {
		case p.uplink.idle():
			rate = 0
		case p.uplink.Rate == 0:
			rate, limited = math.Inf(1), false
		}
		sum += rate
		if p.index != 0 {
			rates = append(rates, rate)
		}
	}
	slices.SortFunc(rates, func(a, b float64) int { return cmp.Compare(b, a) })
	return rates, sum, limited
}

// sender is a peer that has the chunk, in the postal bound.
type sender struct {
	next time.Duration // when its next copy arrives
	tau  time.Duration // from one copy to the next
	left int           // copies that it may still send
}

type senders []sender

func (s senders) Len() int           { return len(s) }
func (s senders) Less(i, j int) bool { return s[i].next < s[j].next }
func (s senders) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *senders) Push(x any)        { *s = append(*s, x.(sender)) }
func (s *senders) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// postal is when 99 of 100 peers have a chunk, at best.
func (w *world) postal(rates []float64, wire int) float64 {
	tau := func(rate float64) time.Duration { // 0 for no limit
		return time.Duration(float64(wire) / rate * float64(time.Second))
	}
	latency := w.cfg.Network.Median
	source := math.Inf(1)
	if r := w.cfg.Source.Rate; r > 0 {
		source = float64(r)
	}
	h := senders{{next: tau(source) + latency, tau: tau(source), left: max(int(w.cfg.Copies), 1)}}
	enough := int(math.Ceil(0.99 * float64(len(rates))))
	var at time.Duration
	for _, rate := range rates[:enough] {
		if len(h) == 0 { // the others have no uplink, and the source no copies: it must go on
			h = append(h, sender{next: at + tau(source), tau: tau(source), left: len(rates)})
		}
		s := &h[0]
		at = s.next
		s.left--
		s.next += s.tau
		if s.left == 0 {
			heap.Pop(&h)
		} else {
			heap.Fix(&h, 0)
		}
		if rate > 0 {
			heap.Push(&h, sender{next: at + tau(rate) + latency, tau: tau(rate), left: len(rates)})
		}
	}
	return float64(at) / float64(time.Millisecond)
}

// fluid is the 99th percentile over chunks of the time that all uplinks take for the chunk and those before it in
// its group, for n viewers, in milliseconds.
func (w *world) fluid(sum float64, n int) float64 {
	var times []float64
	m := &w.media
	sizes := m.cfg.Trace
	if len(sizes) == 0 {
		for i := range m.every {
			sizes = append(sizes, m.size(i))
		}
	}
	for _, size := range sizes {
		bytes := 0
		for left := size; left > 0; left -= m.cfg.ChunkSize {
			bytes += w.frame(min(left, m.cfg.ChunkSize))
			times = append(times, float64(bytes)*float64(n)/sum*1000)
		}
	}
	slices.Sort(times)
	return times[min(int(0.99*float64(len(times))), len(times)-1)]
}
