package sim

import "github.com/shoal-live/shoal/core/swarm"

// strike lets a fault happen.
func (w *world) strike(f Fault) {
	switch f := f.(type) {
	case Kill:
		for _, i := range w.draw(f.Share) {
			w.end(w.peers[i])
		}
	case Leave:
		for _, i := range w.draw(f.Share) {
			w.leave(w.peers[i])
		}
	case Slow:
		for _, i := range w.draw(f.Share) {
			p := w.peers[i]
			rate := float64(p.uplink.Rate)
			if rate == 0 {
				rate = float64(w.media.bitrate()) / 8
			}
			p.uplink.Rate = max(uint64(rate*f.Rate), None)
		}
	}
}

// draw picks a share of the viewers that take part.
func (w *world) draw(share float64) []int32 {
	var viewers []int32
	for _, i := range w.alive {
		if w.peers[i].role() == swarm.Viewer {
			viewers = append(viewers, i)
		}
	}
	w.random.Shuffle(len(viewers), func(i, j int) { viewers[i], viewers[j] = viewers[j], viewers[i] })
	return viewers[:int(share*float64(len(viewers))+0.5)]
}
