package quic

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"github.com/quic-go/quic-go"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// greeting is what is known of a connection once both ends have said hello.
type greeting struct {
	peer    swarm.PeerID
	hello   hello  // the other end's
	tag     uint32 // of sealed packets to this end
	control *quic.Stream
	reader  *bufio.Reader
	side    side
}

// link is one connection that came up.
type link struct {
	greeting
	e    *endpoint
	id   transport.LinkID
	conn *quic.Conn
	out  outbox
	turn turn

	gate     gate
	streamMu sync.Mutex       // guards stream and scratch
	stream   *quic.SendStream // of chunk frames; nil for datagrams
	scratch  []byte

	sealer sealer               // the sender's
	opener opener               // the socket's
	to     atomic.Pointer[path] // of sealed packets

	local     atomic.Pointer[error] // why this end closed it
	announced atomic.Bool           // Up was reported
	early     early                 // frames that came before that

	sealedCount atomic.Uint64 // packets sent and received

	// Of the ticker alone:
	route   *net.UDPAddr
	packets uint64 // of the connection, sent and received, when last measured
	sealed  uint64 // packets, likewise
	lost    uint64
}

// newLink makes a link of a connection. Errors: the peer cannot take chunk frames in the way that this end sends them.
func (e *endpoint) newLink(conn *quic.Conn, g *greeting) (*link, error) {
	l := &link{greeting: *g, e: e, conn: conn}
	l.gate.packing = e.t.settings.chunks
	if err := l.prepare(); err != nil {
		return nil, fail(conn, err)
	}
	return l, nil
}

// prepare readies both directions of the chunk channel.
func (l *link) prepare() error {
	mine, theirs, err := secrets(l.conn, l.side)
	if err != nil {
		return err
	}
	l.sealer.secret, l.sealer.tag, l.opener.secret = mine, l.hello.tag, theirs
	if err := l.opener.start(); err != nil {
		return err
	}
	switch l.gate.packing {
	case asDatagrams:
		if !l.conn.ConnectionState().SupportsDatagrams.Remote {
			return fmt.Errorf("%w: it takes no datagrams", ErrProtocol)
		}
	case asStream:
		if l.stream, err = l.conn.OpenUniStream(); err != nil {
			return err
		}
	case asPackets:
	}
	stats := l.conn.ConnectionStats()
	l.gate.setLimit(stats.CongestionWindow, stats.SmoothedRTT)
	return nil
}

// serve reports Up, carries frames until the connection ends, and reports Down.
func (l *link) serve() {
	e := l.e
	e.add(l)
	l.follow()
	e.socket.tags.Store(l.tag, l)
	e.sink.Event(l.up())
	l.announced.Store(true)
	l.deliverEarly()
	stop := context.AfterFunc(e.ctx, func() {
		l.claim(transport.ErrClosed)
		l.hangUp(codeClosed, "transport closed")
	})
	var readers sync.WaitGroup
	readers.Go(func() { l.readEnded(l.receiveChunks()) })
	l.readEnded(l.receiveControl())
	readers.Wait()
	<-l.conn.Context().Done()
	stop()
	l.out.end()
	e.remove(l)
	l.to.Store(nil)
	e.socket.links.Delete(l.route)
	e.socket.tags.CompareAndDelete(l.tag, l)
	l.turn.end()
	e.sink.Event(transport.Down{Link: l.id, Cause: l.cause()})
}

// follow takes note of where the other end is: the socket knows the link by it, and sealed packets go there. A peer
// that moves gets a new address, which quic-go has proved.
func (l *link) follow() {
	u, ok := l.conn.RemoteAddr().(*net.UDPAddr)
	if !ok || u == l.route {
		return
	}
	if l.route != nil {
		l.e.socket.links.Delete(l.route)
	}
	l.route = u
	l.e.socket.links.Store(u, l)
	l.to.Store(l.e.socket.pathTo(u, l.conn.LocalAddr()))
}

// deliverEarly hands over the chunk frames that came while the link was being reported.
func (l *link) deliverEarly() {
	var frames []transport.Received
	for _, data := range l.early.end() {
		frames = append(frames, transport.Received{Link: l.id, Channel: transport.Chunk, Data: data})
	}
	if len(frames) > 0 {
		l.sealedCount.Add(uint64(len(frames)))
		l.e.sink.Received(frames)
	}
}

func (l *link) up() transport.Up {
	up := transport.Up{
		Link: l.id, Peer: l.peer, Dialed: l.side == dialing, MaxChunk: maxChunk,
		Address: addressOf(l.conn.RemoteAddr()),
	}
	if t, ok := parseTarget(swarm.Address(scheme + ":" + l.hello.observed)); ok {
		up.Observed = swarm.Address(fmt.Sprintf("%s:%s", scheme, net.JoinHostPort(t.host, fmt.Sprint(t.port))))
	}
	return up
}

// close ends the link on a goroutine of its own: quic-go first sends what its socket queue holds.
func (l *link) close(cause string) {
	if l.claim(fmt.Errorf("%w: %s", transport.ErrClosed, clean(cause))) {
		_ = l.e.spawn(func() { l.hangUp(codeClosed, cause) }) // when the endpoint is ending, so is the link
	}
}

// claim makes why the reason that this end has to close the link. It answers false where there is one already.
func (l *link) claim(why error) bool { return l.local.CompareAndSwap(nil, &why) }

// hangUp closes the connection, and waits until the other end was told.
func (l *link) hangUp(code quic.ApplicationErrorCode, cause string) {
	_ = l.conn.CloseWithError(code, clean(cause)) // it never fails
}

// readEnded closes the connection when one of its readers has ended.
func (l *link) readEnded(err error) {
	if context.Cause(l.conn.Context()) != nil {
		return
	}
	code, why := codeClosed, fmt.Errorf("%w: its control stream ended", transport.ErrPeerClosed)
	if errors.Is(err, ErrProtocol) {
		code, why = codeProtocol, err
	}
	if _, open := errors.AsType[*quic.StreamError](err); err != nil && !open && code == codeClosed {
		why = err
	}
	l.claim(why)
	l.hangUp(code, why.Error())
}

// cause says why the connection ended, in the words of the contract.
func (l *link) cause() error {
	err := context.Cause(l.conn.Context())
	application, ok := errors.AsType[*quic.ApplicationError](err)
	if why := l.local.Load(); why != nil && (!ok || !application.Remote) {
		return causeOf(*why)
	}
	return causeOf(err)
}

// turn lets events of a link be reported from several goroutines, and none after Down.
type turn struct {
	mu     sync.Mutex
	inside int
	over   bool
	empty  chan struct{}
}

// enter asks to report an event; leave must follow where it is granted.
func (t *turn) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return false
	}
	t.inside++
	return true
}

func (t *turn) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inside--; t.over && t.inside == 0 {
		close(t.empty)
	}
}

// end waits for those inside and lets nobody in any more.
func (t *turn) end() {
	t.mu.Lock()
	t.over = true
	wait := t.inside > 0
	t.empty = make(chan struct{})
	t.mu.Unlock()
	if wait {
		<-t.empty
	}
}

// event reports an event between Up and Down.
func (l *link) event(e transport.Event) {
	if l.turn.enter() {
		l.e.sink.Event(e)
		l.turn.leave()
	}
}
