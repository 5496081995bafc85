package report

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
	"time"
)

// Ideal is a run as its bounds see it. Uplinks are bytes per second on the wire: +Inf for no limit, 0 for a viewer that
// passes nothing on.
type Ideal struct {
	Source  float64       // uplink of the source, above 0
	Viewers []float64     // uplinks of those that came, in any order
	Copies  int           // of each chunk that leave the source; at least 1
	Latency time.Duration // from any peer to any other
	Chunk   int           // bytes on the wire of a full chunk
	Groups  [][]int       // those of the chunks of each group, for as many groups as are typical of the stream
}

// Bounds of the run.
func (i *Ideal) Bounds() Bounds {
	n := float64(len(i.Viewers))
	if n == 0 {
		return Bounds{}
	}
	sum := i.Source
	for _, rate := range i.Viewers {
		sum += rate
	}
	postal := i.postal()
	return Bounds{
		Postal:     postal,
		Burst:      postal + i.fluid(min(i.Source, sum/n)),
		ChunkSteps: float64(i.Chunk) / (sum / (n + 1)) * 1000 * (math.Ceil(math.Log2(n)) + 1),
	}
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

// postal is when 99 of 100 viewers have a chunk, in milliseconds.
func (i *Ideal) postal() float64 {
	rates := slices.Clone(i.Viewers)
	slices.SortFunc(rates, func(a, b float64) int { return cmp.Compare(b, a) })
	tau := func(rate float64) time.Duration { // 0 for no limit
		return time.Duration(float64(i.Chunk) / rate * float64(time.Second))
	}
	source := tau(i.Source)
	h := senders{{next: source + i.Latency, tau: source, left: max(i.Copies, 1)}}
	enough := int(math.Ceil(0.99 * float64(len(rates))))
	var at time.Duration
	for _, rate := range rates[:enough] {
		if len(h) == 0 { // the others have no uplink, and the source no copies: it must go on
			h = append(h, sender{next: at + source, tau: source, left: len(rates)})
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
			heap.Push(&h, sender{next: at + tau(rate) + i.Latency, tau: tau(rate), left: len(rates)})
		}
	}
	return float64(at) / float64(time.Millisecond)
}

// fluid is the 99th percentile over chunks of the time that a flow of so many bytes per second takes for the chunk and
// those before it in its group, in milliseconds.
func (i *Ideal) fluid(rate float64) float64 {
	var times []float64
	for _, chunks := range i.Groups {
		bytes := 0
		for _, size := range chunks {
			bytes += size
			times = append(times, float64(bytes)/rate*1000)
		}
	}
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(int(0.99*float64(len(times))), len(times)-1)]
}
