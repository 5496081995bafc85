package pipe

import (
	"sync"
	"time"
)

// PostLimit is the number of bytes that may wait in an Outbox when nobody reads at the other end.
const PostLimit = 64 << 20

// What is put within burst of what was written last, and is shorter than burstSize, is left to Run, which writes it together with
// what follows. Waking Run costs as much as writing burstSize bytes.
const (
	burst     = 20 * time.Microsecond
	burstSize = 8 << 10 // bytes
)

// TrySender is a Conn that can write without waiting.
type TrySender interface {
	// TrySend writes the first messages of batch without waiting, and tells how many it has taken. left says that a
	// part of them is not written yet: the next Send goes on with that.
	TrySend(batch []Message) (taken int, left bool, err error)
}

// Outbox is the queue in front of a Conn. Everybody may put; what the connection takes at once is written by who puts
// it, which spares waking another goroutine, and the rest by Run.
type Outbox struct {
	conn  Conn
	try   TrySender // nil where the connection is none
	limit int
	room  func()

	mu      sync.Mutex
	work    sync.Cond // Run waits for it
	space   sync.Cond // Put waits for it
	queue   []Message
	waiting int  // bytes queued or being written
	busy    bool // somebody uses the connection
	left    int  // bytes that TrySend took, of which some may not be written yet
	refused bool // Offer has refused something since room was last called
	running bool // Run was called
	closing bool // write what is there, then end
	err     error
	dropped uint64
	tried   time.Time // when TrySend was last done
	ended   chan struct{}
}

// NewOutbox is a queue of limit bytes in front of conn. room is called, from Run, when an Offer was refused and half
// of the limit is free again; nil for none.
func NewOutbox(conn Conn, limit int, room func()) *Outbox {
	o := &Outbox{conn: conn, limit: limit, room: room, ended: make(chan struct{})}
	o.try, _ = conn.(TrySender)
	o.work.L, o.space.L = &o.mu, &o.mu
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
	n, size := 0, 0
	for n < len(batch) && o.waiting+size < o.limit {
		size += batch[n].Len()
		n++
	}
	if n < len(batch) {
		o.refused = true
		o.dropped += uint64(len(batch) - n)
	}
	o.add(batch[:n], size)
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
	o.add([]Message{m}, m.Len())
	return nil
}

// Put queues m, and waits while the limit is reached. Errors: ErrClosed, or why Run has ended.
func (o *Outbox) Put(m Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil && !o.closing && o.waiting >= o.limit {
		o.space.Wait()
	}
	if o.err != nil {
		return o.err
	}
	if o.closing {
		return ErrClosed
	}
	o.add([]Message{m}, m.Len())
	return nil
}

// add takes messages of size bytes; the lock is held. When nothing is before them, they are written here and now as
// far as that needs no waiting.
func (o *Outbox) add(batch []Message, size int) {
	if len(batch) == 0 {
		return
	}
	o.waiting += size
	if o.try == nil || o.busy || o.left > 0 || len(o.queue) > 0 || !o.running || size < burstSize && time.Since(o.tried) < burst {
		o.queue = append(o.queue, batch...)
		o.work.Signal()
		return
	}
	o.busy = true
	o.mu.Unlock()
	taken, left, err := o.try.TrySend(batch)
	written := 0
	for i := range batch[:taken] {
		written += batch[i].Len()
	}
	o.mu.Lock()
	o.busy, o.tried = false, time.Now()
	switch {
	case err != nil:
		o.waiting -= size
		o.fail(err)
		return
	case left:
		o.left = written
	default:
		o.waiting -= written
	}
	if taken < len(batch) { // before what others have queued meanwhile
		o.queue = append(append([]Message(nil), batch[taken:]...), o.queue...)
	}
	if o.left > 0 || len(o.queue) > 0 || o.closing || o.err != nil || o.owes() {
		o.work.Signal()
	}
	o.space.Broadcast()
}

// owes reports whether room is to be called; the lock is held.
func (o *Outbox) owes() bool { return o.refused && o.waiting <= o.limit/2 && o.err == nil }

// Owes reports whether room will be called for an Offer that was refused. Who has to note a refusal first asks this
// afterwards: where it is false, room may have been called before the note.
func (o *Outbox) Owes() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.refused
}

// fail keeps the first error; the lock is held.
func (o *Outbox) fail(err error) {
	if o.err == nil {
		o.err = err
	}
	o.work.Signal()
	o.space.Broadcast()
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
	o.mu.Lock()
	o.running = true
	o.mu.Unlock()
	for {
		o.mu.Lock()
		for o.err == nil && (o.busy || o.left == 0 && len(o.queue) == 0 && !o.closing && !o.owes()) {
			o.work.Wait()
		}
		if o.owes() {
			o.refused = false
			o.mu.Unlock()
			if o.room != nil {
				o.room()
			}
			continue
		}
		if o.err != nil || o.left == 0 && len(o.queue) == 0 {
			err := o.err
			o.mu.Unlock()
			return err
		}
		batch, o.queue = o.queue, batch[:0]
		sent := o.left
		o.left, o.busy = 0, true
		o.mu.Unlock()

		err := o.conn.Send(batch)
		for i := range batch {
			sent += batch[i].Len()
		}
		clear(batch)
		o.wrote(sent, err)
	}
}

// wrote accounts for a batch.
func (o *Outbox) wrote(sent int, err error) {
	o.mu.Lock()
	o.busy = false
	o.waiting -= sent
	if err != nil {
		o.fail(err)
	}
	o.space.Broadcast()
	o.mu.Unlock()
}

// Close takes no more, and lets Run write what waits for at most patience; then it closes the connection. It
// returns when Run has ended. Without a Run it must not be called.
func (o *Outbox) Close(patience time.Duration) {
	o.mu.Lock()
	o.closing = true
	o.work.Signal()
	o.space.Broadcast()
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
	o.fail(err)
	o.mu.Unlock()
	o.conn.Close()
}
