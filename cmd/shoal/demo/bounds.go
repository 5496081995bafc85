package demo

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/report"
)

// bounds are those of this run: the cap of the source, viewers without one, half the median round trip of the viewers'
// links, and the pictures of the clip, each with its share of the sound that the source has published.
func (d *Demo) bounds(source *node.StreamStats, viewers []row) (report.Bounds, error) {
	e := &source.Engine
	if e.Sent.Chunks == 0 || e.Published.Groups == 0 {
		return report.Bounds{}, nil
	}
	frames, err := frameSizes(cmp.Or(d.opts.Clip, clip.Default))
	if err != nil {
		return report.Bounds{}, err
	}
	size := config.Default().Stream.ChunkSize
	head := int((e.Sent.ChunkBytes - e.Sent.PayloadBytes) / e.Sent.Chunks) // headers and proof
	ideal := report.Ideal{
		Source:  math.Inf(1),
		Copies:  int(math.Ceil(float64(e.Sent.PayloadBytes) / float64(e.Published.Bytes))),
		Latency: medianRTT(viewers) / 2,
		Chunk:   size + head,
	}
	if d.opts.Uplink > 0 {
		ideal.Source = float64(d.opts.Uplink) / 8
	}
	for range viewers {
		ideal.Viewers = append(ideal.Viewers, math.Inf(1))
	}
	beside := int(e.Published.Bytes/e.Published.Groups) - mean(frames) // sound and packaging, in a group
	for _, frame := range frames {
		var chunks []int
		for left := frame + beside; left > 0; left -= size {
			chunks = append(chunks, min(left, size)+head)
		}
		ideal.Groups = append(ideal.Groups, chunks)
	}
	return ideal.Bounds(), nil
}

// frameSizes are those of the pictures of a clip: a group is a picture and a little sound.
func frameSizes(name string) ([]int, error) {
	c, err := clip.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }() // it was only read
	var sizes []int
	for _, t := range c.Tracks {
		for _, s := range t.Samples {
			if t.Codec.IsVideo() {
				sizes = append(sizes, s.Size)
			}
		}
	}
	return sizes, nil
}

func mean(sizes []int) int {
	sum := 0
	for _, s := range sizes {
		sum += s
	}
	return sum / max(len(sizes), 1)
}

func medianRTT(viewers []row) time.Duration {
	var all []time.Duration
	for i := range viewers {
		if s := find(&viewers[i].stats); s != nil {
			for _, l := range s.Engine.Links {
				all = append(all, l.RTT)
			}
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}
