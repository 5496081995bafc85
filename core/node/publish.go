package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/swarm"
)

// Publish joins a stream as its source and feeds it from an ingest, which is started again with back-off when
// it fails, each time in a new epoch. It blocks until ctx ends (then nil), and leaves the stream then. Errors that
// trying again will not mend: ErrConfig, ingest.ErrConfig. What else goes wrong is an event and a log line.
func (n *Node) Publish(ctx context.Context, cfg StreamConfig, pub PublishConfig) error {
	if err := pub.validate(); err != nil {
		return fmt.Errorf("stream %q: %w", cfg.Name, err)
	}
	cfg.Role = swarm.Source
	cfg.Stream = chunk.NewStreamID(publicKey(pub.Key), cfg.Name)
	if err := n.Join(cfg); err != nil {
		return err
	}
	p := &publication{node: n, name: cfg.Name, stream: cfg.Stream, cfg: pub, changes: make(chan PublishConfig, 1)}
	if err := n.call(func() { n.publications[p.name] = p }); err != nil {
		return nil // the node ended, and the stream with it
	}
	err := p.run(ctx)
	_ = n.call(func() { delete(n.publications, p.name) }) // nobody asks a node that has ended
	cause := "stopped"
	if err != nil {
		cause = err.Error()
	}
	n.cfg.Events(event.StreamUnavailable{Name: cfg.Name, Stream: cfg.Stream, Cause: cause})
	if e := n.Leave(cfg.Name); e != nil && !errors.Is(e, ErrClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// Republish gives a stream that this node publishes another ingest or other parameters while it plays, and returns
// at once. Make before break: the ingest that runs goes on until the other has tracks, and that begins a new epoch. One
// that is refused with ingest.ErrConfig changes nothing; one that fails otherwise takes the place all the same, with
// back-off, for it may need what the one that runs holds. Only the newest of several calls counts. Errors: ErrConfig,
// also when Key is not the stream's; ErrUnknownStream; ErrClosed.
func (n *Node) Republish(name string, pub PublishConfig) error {
	if err := pub.validate(); err != nil {
		return fmt.Errorf("stream %q: %w", name, err)
	}
	err := ErrUnknownStream
	if e := n.call(func() {
		if p := n.publications[name]; p != nil {
			err = p.change(pub)
		}
	}); e != nil {
		return e
	}
	return err
}

// publication is one stream that this node publishes, and the lives of its ingest. run owns it but for what is said
// to be somebody else's.
type publication struct {
	node    *Node
	name    string
	stream  chunk.StreamID
	cfg     PublishConfig
	changes chan PublishConfig // holds one, the newest
	live    *life              // whose groups count; the loop's

	mu   sync.Mutex
	told string // failure that was told last; "" since the epoch that runs began
}

// change has run go over to pub. It is called on the loop alone.
func (p *publication) change(pub PublishConfig) error {
	if chunk.NewStreamID(publicKey(pub.Key), p.name) != p.stream {
		return fmt.Errorf("%w: stream %q: Key is not the one that it is published with", ErrConfig, p.name)
	}
	select {
	case <-p.changes: // an older one, which nobody has taken
	default:
	}
	p.changes <- pub
	return nil
}

// run keeps an ingest running until ctx ends, with back-off, and goes over from one to the next when the config changes.
func (p *publication) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	var b backoff
	var retry <-chan time.Time
	var next *life // what is to take over from current, which may be nil
	current := p.begin(ctx, &group, p.cfg)
	for {
		select {
		case <-ctx.Done():
			return nil
		case cfg := <-p.changes:
			next.end()
			next = p.begin(ctx, &group, cfg)
		case <-next.tracked():
			current.end()
			current, next, retry, b = next, nil, nil, backoff{}
			p.cfg = current.cfg
		case <-next.ended():
			refused := next
			next = nil
			if errors.Is(refused.err, ingest.ErrConfig) {
				p.failed(refused.err, 0) // current goes on
				if current == nil && retry == nil {
					retry = time.After(b.after(0))
				}
				continue
			}
			current.end() // it may hold what the other needs
			current, p.cfg = nil, refused.cfg
			retry = time.After(p.pause(&b, refused))
		case <-current.ended():
			ended := current
			current = nil
			switch {
			case next != nil: // it takes over
				continue
			case errors.Is(ended.err, ErrClosed):
				return nil
			case errors.Is(ended.err, ingest.ErrConfig):
				p.failed(ended.err, 0)
				return ended.err
			}
			retry = time.After(p.pause(&b, ended))
		case <-retry:
			retry = nil
			current = p.begin(ctx, &group, p.cfg)
		}
	}
}

// pause tells that a life has failed, and answers when the next begins.
func (p *publication) pause(b *backoff, l *life) time.Duration {
	err := l.err
	if err == nil {
		err = fmt.Errorf("%w: it ended", ingest.ErrSource)
	}
	d := b.after(time.Since(l.began))
	if errors.Is(err, ingest.ErrCodec) {
		d = restartMost // only another publisher mends it
	}
	p.failed(err, d)
	return d
}

// failed tells that the ingest has failed, once for as long as it fails for the same reason.
func (p *publication) failed(err error, retry time.Duration) {
	p.mu.Lock()
	again := p.told == err.Error()
	p.told = err.Error()
	p.mu.Unlock()
	log := p.node.cfg.Log.With("stream", p.name, "error", err, "retry", retry)
	if again {
		log.Debug("ingest fails on")
		return
	}
	log.Error("ingest failed")
	p.node.cfg.Events(event.IngestFailed{Name: p.name, Cause: err.Error(), Retry: retry})
}

// works takes notice that the ingest delivers: what fails next is news.
func (p *publication) works() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = ""
}
