package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// incoming counts what arrives on a link, for the receipts that its sender estimates its uplink by.
type incoming struct {
	chunks, bytes, duplicate uint64 // since the link came up
	told                     uint64 // chunks, by the last receipt
	toldAt                   time.Duration
	lag, lags                int64  // microseconds: sum over the interval, and how many
	least                    int64  // lag ever seen
	base                     uint16 // stamp that counts as no lag
	any                      bool
	payload                  uint64 // bytes of useful chunks
}

// sayReceipt tells the sender what has arrived: soon when much has or when it was delayed, else seldom.
func (e *Engine) sayReceipt(l *link) {
	in := &l.in
	fresh, since := in.chunks-in.told, e.now-in.toldAt
	if fresh == 0 || since < receiptSoonest {
		return
	}
	r := &swarm.Receipt{Chunks: in.chunks, Bytes: in.bytes, Duplicate: in.duplicate}
	if in.lags > 0 {
		r.Delay = time.Duration(max(in.lag/in.lags-in.least, 0)) * time.Microsecond
	}
	if fresh < receiptChunks && since < receiptLatest && r.Delay < receiptDelay {
		return
	}
	in.told, in.toldAt = in.chunks, e.now
	in.lag, in.lags = 0, 0
	e.send(l, r)
}
