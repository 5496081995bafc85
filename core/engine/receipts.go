package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// incoming counts what arrives on a link, for the receipts that its sender estimates its uplink by.
type incoming struct {
	chunks, bytes, duplicate uint64 // since the link came up
	told                     uint64 // chunks, by the last receipt
	receipts                 uint64 // sent
	toldAt                   time.Duration
	lag, lags                int64         // microseconds: sum over the interval, and how many
	least                    [2]int64      // lag seen in this leastSpan and in the one before
	leastAt                  time.Duration // when this one began
	payload                  uint64        // bytes of useful chunks
	base                     uint16        // stamp that counts as no lag
	newest                   uint16        // stamp of the newest frame
	newestAt                 time.Duration // when the last came
	any                      bool
}

// late takes notice of how late a frame was. The least is remembered for a minute or two, for clocks that drift: a queue
// is empty now and then, before a frame or at least between two groups.
func (in *incoming) late(lag int64, now time.Duration) {
	in.lag += lag
	in.lags++
	if now-in.leastAt >= leastSpan {
		in.least, in.leastAt = [2]int64{lag, in.least[0]}, now
	}
	in.least[0] = min(in.least[0], lag)
}

// delay is the mean since the last receipt, beyond the least.
func (in *incoming) delay() time.Duration {
	if in.lags == 0 {
		return 0
	}
	return time.Duration(max(in.lag/in.lags-min(in.least[0], in.least[1]), 0)) * time.Microsecond
}

// leastSpan keeps what two clocks drift apart well below a queue: at 30 parts in a million, under 4 ms.
const leastSpan = time.Minute

// sayReceipt tells the sender what has arrived: soon when much has, when it was delayed, or when the link is new; else seldom.
func (e *Engine) sayReceipt(l *link) {
	in := &l.in
	fresh, since := in.chunks-in.told, e.now-in.toldAt
	if fresh == 0 || since < receiptSoonest || in.receipts == 0 && fresh < receiptChunks && e.now-in.newestAt < receiptAfter {
		return
	}
	first := fresh >= receiptFirst*(1+in.receipts)
	delayed := in.delay() >= receiptFull || since >= receiptDelayed && in.delay() >= receiptDelay
	if fresh < receiptChunks && since < receiptLatest && !delayed && !first {
		return
	}
	e.tellReceipt(l)
}

func (e *Engine) tellReceipt(l *link) {
	in, r := &l.in, &e.mail.receipt
	*r = swarm.Receipt{Chunks: in.chunks, Bytes: in.bytes, Duplicate: in.duplicate, Delay: in.delay(), Newest: in.newest}
	in.told, in.toldAt = in.chunks, e.now
	in.receipts++
	in.lag, in.lags = 0, 0
	e.send(l, r)
}
