package sim

import (
	"bytes"
	"fmt"

	"github.com/shoal-live/shoal/core/swarm"
)

// strike lets a fault happen.
func (w *lane) strike(f Fault) {
	switch f := f.(type) {
	case Kill:
		for _, i := range w.draw(f.Share, w.present()) {
			w.end(w.peers[i])
		}
	case Leave:
		for _, i := range w.draw(f.Share, w.present()) {
			w.leave(w.peers[i])
		}
	case Slow:
		for _, i := range w.draw(f.Share, w.present()) {
			p := w.peers[i]
			rate := float64(p.uplink.Rate)
			if rate == 0 {
				for _, m := range w.streams {
					rate += float64(m.share.Bitrate) / 8
				}
			}
			p.uplink.Rate = max(uint64(rate*f.Rate), None)
		}
	case FreeRide:
		w.corrupt(f.Share, RidesFree)
	case Poison:
		w.corrupt(f.Share, Poisons)
	case SourceDown:
		w.end(w.peers[0])
		w.add(w.now+f.For, happening{what: doReturn})
	}
}

// Vice is what a peer does that no honest one does.
type Vice uint8

// The vices.
const (
	Honest    Vice = 0
	RidesFree Vice = 1 // sends no chunk
	Poisons   Vice = 2 // sends forged chunks alone
)

// present are the viewers that take part.
func (w *world) present() []int32 {
	var viewers []int32
	for _, i := range w.alive {
		if w.peers[i].role() == swarm.Viewer {
			viewers = append(viewers, i)
		}
	}
	return viewers
}

// expected are the viewers that take part or will.
func (w *world) expected() []int32 {
	var viewers []int32
	for _, p := range w.peers {
		if p.role() == swarm.Viewer && !p.gone {
			viewers = append(viewers, p.index)
		}
	}
	return viewers
}

// corrupt gives a share of the viewers that take part or will a vice, as far as there are honest ones.
func (w *world) corrupt(share float64, v Vice) {
	viewers := w.expected()
	left := len(w.draw(share, viewers)) // which shuffles them all
	for _, i := range viewers {
		if p := w.peers[i]; p.vice == Honest && left > 0 {
			p.vice = v
			left--
		}
	}
}

// draw picks a share of the viewers, which it shuffles.
func (w *world) draw(share float64, viewers []int32) []int32 {
	w.random.Shuffle(len(viewers), func(i, j int) { viewers[i], viewers[j] = viewers[j], viewers[i] })
	return viewers[:int(share*float64(len(viewers))+0.5)]
}

// forge is a chunk frame with another proof. The frame stays as it is: other links may carry it too.
func forge(frame []byte) []byte {
	forged := bytes.Clone(frame)
	var f swarm.ChunkFrame
	_, rest, err := swarm.SplitIndex(forged)
	if err == nil {
		err = swarm.ParseChunk(rest, &f)
	}
	if err != nil || len(f.Chunk.Proof) == 0 {
		panic(fmt.Sprintf("sim: a chunk frame without a proof: %v", err)) // validate saw to it
	}
	f.Chunk.Proof[0] = forgery
	return forged
}
