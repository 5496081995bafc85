package rtsp

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"

	"github.com/shoal-live/shoal/plugins/egress/rtp"
)

// offerTime is how long a reader that comes before the first epoch waits for it.
const offerTime = 8 * time.Second

// handler answers the server's questions, from its goroutines, and keeps the readers.
type handler struct {
	ctx    context.Context // ends with Run
	server *gortsplib.Server
	stream string
	start  start
	log    *slog.Logger
	joined chan struct{} // holds one token when a reader has begun to play

	mu      sync.Mutex
	conns   int
	session *description.Session    // offered now; nil before the first epoch
	shown   *gortsplib.ServerStream // what DESCRIBE shows of it; nothing is written to it
	changed chan struct{}           // closed and made anew when session changes
	readers map[*gortsplib.ServerSession]*reader
}

// reader is one session that reads.
type reader struct {
	session *description.Session
	stream  *gortsplib.ServerStream // its own
	conn    *gortsplib.ServerConn   // that it plays on
	from    start
	state   readerState // guarded by handler.mu
	keyed   bool        // a key picture came since it plays; of the distributor
	log     *slog.Logger
}

type readerState uint8

const (
	setUp   readerState = iota // SETUP came
	asked                      // PLAY came, its answer is on the way
	waiting                    // takes packets, has got none yet
	playing
)

func newHandler(ctx context.Context, o *output) *handler {
	return &handler{
		ctx: ctx, stream: o.stream, start: o.start, log: o.log,
		joined: make(chan struct{}, 1), changed: make(chan struct{}), readers: map[*gortsplib.ServerSession]*reader{},
	}
}

// offer replaces the formats. Readers of the old ones lose their connections. session is nil when there are none.
func (h *handler) offer(session *description.Session) error {
	var shown *gortsplib.ServerStream
	if session != nil {
		shown = &gortsplib.ServerStream{Server: h.server, Desc: session}
		if err := shown.Initialize(); err != nil {
			return err
		}
	}
	h.mu.Lock()
	old := h.shown
	var streams []*gortsplib.ServerStream
	for _, r := range h.readers { // order-free: all are closed
		streams = append(streams, r.stream)
	}
	h.session, h.shown = session, shown
	close(h.changed)
	h.changed = make(chan struct{})
	h.mu.Unlock()
	if old != nil {
		old.Close()
	}
	for _, s := range streams {
		s.Close()
	}
	return nil
}

// waiting lists readers that take packets and have got none.
func (h *handler) waiting() []*reader {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []*reader
	for _, r := range h.readers { // order-free: each gets the same, on its own connection
		if r.state == waiting && r.session == h.session {
			list = append(list, r)
		}
	}
	return list
}

// begin marks a reader as playing, if it is still there.
func (h *handler) begin(r *reader) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.state != waiting {
		return false
	}
	r.state = playing
	return true
}

// forget takes readers that have gone out of list.
func (h *handler) forget(list *[]*reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*list = slices.DeleteFunc(*list, func(r *reader) bool { return r.state != playing })
}

// write puts units into the reader's queue.
func (r *reader) write(units []rtp.Unit) {
	for _, u := range units {
		for _, p := range u.Packets {
			if err := r.stream.WritePacketRTPWithNTP(r.session.Medias[u.Track], p, u.NTP); err != nil {
				r.log.Debug("rtsp: packet not written", "error", err)
				return
			}
		}
	}
}

// mine reports whether a path of a request is the stream's.
func (h *handler) mine(path string) bool {
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	return strings.Trim(path, "/") == h.stream
}

// OnConnOpen implements gortsplib.ServerHandlerOnConnOpen.
func (h *handler) OnConnOpen(ctx *gortsplib.ServerHandlerOnConnOpenCtx) {
	h.mu.Lock()
	h.conns++
	over := h.conns > maxConns
	h.mu.Unlock()
	if over {
		h.log.Warn("rtsp: too many connections, one is closed", "most", maxConns)
		ctx.Conn.Close()
	}
}

// OnConnClose implements gortsplib.ServerHandlerOnConnClose.
func (h *handler) OnConnClose(ctx *gortsplib.ServerHandlerOnConnCloseCtx) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns--
	h.log.Debug("rtsp: connection closed", "error", ctx.Error)
}

// OnDescribe implements gortsplib.ServerHandlerOnDescribe.
func (h *handler) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if !h.mine(ctx.Path) {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	shown := h.await()
	if shown == nil {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, shown, nil
}

// await is what is offered, once it is; nil when it takes too long.
func (h *handler) await() *gortsplib.ServerStream {
	timer := time.NewTimer(offerTime)
	defer timer.Stop()
	for {
		h.mu.Lock()
		shown, changed := h.shown, h.changed
		h.mu.Unlock()
		if shown != nil {
			return shown
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil
		case <-h.ctx.Done():
			return nil
		}
	}
}

// OnSetup implements gortsplib.ServerHandlerOnSetup.
func (h *handler) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if !h.mine(ctx.Path) {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	if h.await() == nil {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.readers[ctx.Session]
	if r == nil {
		if h.session == nil {
			return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
		}
		r = &reader{
			session: h.session, from: h.start, log: h.log,
			stream: &gortsplib.ServerStream{Server: h.server, Desc: h.session},
		}
		if err := r.stream.Initialize(); err != nil {
			return &base.Response{StatusCode: base.StatusInternalServerError}, nil, err
		}
		h.readers[ctx.Session] = r
	}
	return &base.Response{StatusCode: base.StatusOK}, r.stream, nil
}

// OnPlay implements gortsplib.ServerHandlerOnPlay.
func (h *handler) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.readers[ctx.Session]; r != nil && r.state == setUp {
		r.state, r.conn = asked, ctx.Conn
	}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnResponse implements gortsplib.ServerHandlerOnResponse: once PLAY is answered, the session takes packets.
func (h *handler) OnResponse(conn *gortsplib.ServerConn, _ *base.Response) {
	session := conn.Session()
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.readers[session]; r != nil && r.state == asked {
		r.state = waiting
		select {
		case h.joined <- struct{}{}:
		default:
		}
	}
}

// OnSessionClose implements gortsplib.ServerHandlerOnSessionClose.
func (h *handler) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	h.mu.Lock()
	r := h.readers[ctx.Session]
	delete(h.readers, ctx.Session)
	if r != nil {
		r.state = setUp
	}
	h.mu.Unlock()
	if r != nil {
		r.stream.Close()
	}
}

// OnStreamWriteError implements gortsplib.ServerHandlerOnStreamWriteError: the reader is too slow.
func (h *handler) OnStreamWriteError(ctx *gortsplib.ServerHandlerOnStreamWriteErrorCtx) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.readers[ctx.Session]; r != nil && r.state == playing {
		h.log.Warn("rtsp: a reader is too slow, its connection is closed", "error", ctx.Error)
		r.state = setUp
		r.conn.Close()
	}
}
