package rendezvous

import "slices"

// frame is one encoded message on its way.
type frame struct {
	kind string // the message's type
	data []byte // JSON; whoever gets the message shares it, so nobody changes it
}

// outbox holds what waits for one connection. It is bounded without ever giving up the connection: of signals the
// oldest are dropped beyond maxSignals and maxSignalBytes, of punches beyond maxPunches, of accusations and those accused beyond maxWords, and of every other kind the newest
// alone waits, in the place of the one before it. Its owner guards it by a lock.
type outbox struct {
	queue   []frame
	dropped uint64 // signals, punches and words
}

// put queues f.
func (o *outbox) put(f frame) {
	switch f.kind {
	case "signal":
		o.make(f, maxSignals, maxSignalBytes)
	case "punch":
		o.make(f, maxPunches, maxSignalBytes)
	case "accuse", "suspect":
		o.make(f, maxWords, maxSignalBytes)
	default:
		if i := slices.IndexFunc(o.queue, func(q frame) bool { return q.kind == f.kind }); i >= 0 {
			o.queue[i] = f
			return
		}
	}
	o.queue = append(o.queue, f)
}

// make drops the oldest of f's kind until f fits.
func (o *outbox) make(f frame, most, bytes int) {
	count, size := 1, len(f.data)
	for _, q := range o.queue {
		if q.kind == f.kind {
			count++
			size += len(q.data)
		}
	}
	o.queue = slices.DeleteFunc(o.queue, func(q frame) bool {
		if q.kind != f.kind || count <= most && size <= bytes {
			return false
		}
		count--
		size -= len(q.data)
		o.dropped++
		return true
	})
}

// take is the next frame; ok says whether there is one.
func (o *outbox) take() (f frame, ok bool) {
	if len(o.queue) == 0 {
		o.queue = nil // most connections are quiet most of the time
		return frame{}, false
	}
	f = o.queue[0]
	o.queue[0] = frame{}
	o.queue = o.queue[1:]
	return f, true
}
