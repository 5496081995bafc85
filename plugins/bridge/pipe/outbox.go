package pipe

import (
	"sync"
	"time"
)

// PostLimit is the number of bytes that may wait in an Outbox when nobody reads at the other end.
const PostLimit = 64 << 20

// Outbox is the queue in front of a Conn. Everybody may put; Run writes.
type Outbox struct {
	conn  Conn
	limit int
	room  func()

	mu      sync.Mutex
	changed sync.Cond
	queue   []Message
	waiting int  // bytes queued or being written
	refused bool // Offer has refused something since room was last called
	closing bool // write what is there, then end
	err     error
	dropped uint64
	ended   chan struct{}
}

// NewOutbox is a queue of limit bytes in front of conn. room is called, from Run, when an Offer was refused and half
// of the limit is free again; nil for none.
func NewOutbox(conn Conn, limit int, room func()) *Outbox {
	o := &Outbox{conn: conn, limit: limit, room: room, ended: make(chan struct{})}
	o.changed.L = &o.mu
	return o
}

// Offer queues the first messages of batch for as long as less than the limit waits, and tells how many. It never
// waits. After Close it takes none.
func (o *Outbox) Offer(batch []Message) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil || o.closing {
		return 0
	}
	n := 0
	for n < len(batch) && o.waiting < o.limit {
		o.waiting += batch[n].Len()
		n++
	}
	o.queue = append(o.queue, batch[:n]...)
	if n < len(batch) {
		o.refused = true
		o.dropped += uint64(len(batch) - n)
	}
	o.changed.Broadcast()
	return n
}

// Post queues m without waiting, whatever the limit. Errors: ErrStalled beyond PostLimit; ErrClosed.
func (o *Outbox) Post(m Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.err != nil:
		return o.err
	case o.closing:
		return ErrClosed
	case o.waiting > PostLimit:
		return ErrStalled
	}
	o.add(m)
	return nil
}

// Put queues m, and waits while the limit is reached. Errors: ErrClosed, or why Run has ended.
func (o *Outbox) Put(m Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil && !o.closing && o.waiting >= o.limit {
		o.changed.Wait()
	}
	if o.err != nil {
		return o.err
	}
	if o.closing {
		return ErrClosed
	}
	o.add(m)
	return nil
}

func (o *Outbox) add(m Message) {
	o.queue = append(o.queue, m)
	o.waiting += m.Len()
	o.changed.Broadcast()
}

// Dropped counts the messages that Offer refused.
func (o *Outbox) Dropped() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dropped
}

// Run writes until Close, or until the connection fails: the error is returned then, and by every Put after it.
func (o *Outbox) Run() error {
	defer close(o.ended)
	var batch []Message
	for {
		o.mu.Lock()
		for len(o.queue) == 0 && !o.closing && o.err == nil {
			o.changed.Wait()
		}
		if o.err != nil || len(o.queue) == 0 {
			err := o.err
			o.mu.Unlock()
			return err
		}
		batch, o.queue = o.queue, batch[:0]
		o.mu.Unlock()

		err := o.conn.Send(batch)
		sent := 0
		for i := range batch {
			sent += batch[i].Len()
		}
		clear(batch)
		o.wrote(sent, err)
	}
}

// wrote accounts for a batch, and tells that there is room.
func (o *Outbox) wrote(sent int, err error) {
	o.mu.Lock()
	o.waiting -= sent
	if err != nil && o.err == nil {
		o.err = err
	}
	tell := o.refused && o.waiting <= o.limit/2 && err == nil
	if tell {
		o.refused = false
	}
	o.changed.Broadcast()
	o.mu.Unlock()
	if tell && o.room != nil {
		o.room()
	}
}

// Close takes no more, and lets Run write what waits for at most patience; then it closes the connection. It
// returns when Run has ended. Without a Run it must not be called.
func (o *Outbox) Close(patience time.Duration) {
	o.mu.Lock()
	o.closing = true
	o.changed.Broadcast()
	o.mu.Unlock()
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-o.ended:
	case <-t.C:
	}
	o.conn.Close()
	<-o.ended
}

// Fail makes Run and every Put end with err, at once.
func (o *Outbox) Fail(err error) {
	o.mu.Lock()
	if o.err == nil {
		o.err = err
	}
	o.changed.Broadcast()
	o.mu.Unlock()
	o.conn.Close()
}
