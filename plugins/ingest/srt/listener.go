package srt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	gosrt "github.com/datarhei/gosrt"

	"github.com/shoal-live/shoal/core/ingest"
)

// listen waits for a publisher, and refuses all others from then on.
func listen(ctx context.Context, cfg *config) (*session, error) {
	at, err := net.ResolveUDPAddr("udp", cfg.address)
	if err == nil {
		err = vacant(at)
	}
	var l gosrt.Listener
	if err == nil {
		l, err = gosrt.Listen("srt", at.String(), cfg.protocol())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", cfg.stream.Name, ingest.ErrSource, err)
	}
	h := &host{cfg: cfg, listener: l, came: make(chan gosrt.Conn, 1)}
	var all sync.WaitGroup
	all.Go(h.welcome)
	end := func() {
		l.Close()
		all.Wait()
	}
	patience := time.NewTimer(cfg.stream.Timeout)
	defer patience.Stop()
	select {
	case conn := <-h.came:
		return newSession(cfg, conn, func() { _ = conn.Close(); end() }), nil
	case <-ctx.Done():
		end()
		return nil, ctx.Err()
	case <-patience.C:
		end()
		return nil, fmt.Errorf("%s: %w: nobody called in %v", cfg.stream.Name, ingest.ErrSource, cfg.stream.Timeout)
	}
}

// vacant tells whether somebody listens there already. gosrt would share the port with whoever allows that, as other servers of
// SRT do, and one of the two would hear nothing.
func vacant(at *net.UDPAddr) error {
	c, err := net.ListenUDP("udp", at)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("UDP port %d is in use by another program (MediaMTX takes 8890 for its own SRT): stop that one, or give another port "+
			"here and to the publisher: %w", at.Port, err)
	}
	if err != nil {
		return err
	}
	return c.Close()
}

// host admits one publisher.
type host struct {
	cfg      *config
	listener gosrt.Listener
	came     chan gosrt.Conn // has room for the one
	taken    bool
}

// welcome answers who calls until the listener closes.
func (h *host) welcome() {
	for {
		request, err := h.listener.Accept2()
		if err != nil {
			return
		}
		if reason, says := h.judge(request); says != "" {
			h.cfg.stream.Log.Warn("srt: a publisher is refused: "+says, "source", h.cfg.stream.Name, "from", request.RemoteAddr().String())
			request.Reject(reason)
			continue
		}
		conn, err := request.Accept()
		if err != nil {
			h.cfg.stream.Log.Warn("srt: a publisher could not be accepted", "source", h.cfg.stream.Name, "err", err)
			continue
		}
		h.taken = true
		h.came <- conn // has room: there is only one
	}
}

// judge says why a caller is refused, or nothing.
func (h *host) judge(r gosrt.ConnRequest) (gosrt.RejectionReason, string) {
	switch {
	case h.taken:
		return gosrt.REJX_CONFLICT, "there is one already"
	case h.cfg.streamID != "" && r.StreamId() != h.cfg.streamID:
		return gosrt.REJX_FORBIDDEN, "its streamid is not the one that is set here"
	case h.cfg.passphrase == "" && r.IsEncrypted():
		return gosrt.REJ_UNSECURE, "it has a passphrase, and none is set here"
	case h.cfg.passphrase != "" && !r.IsEncrypted():
		return gosrt.REJ_UNSECURE, "it has no passphrase, and one is set here"
	case h.cfg.passphrase != "" && r.SetPassphrase(h.cfg.passphrase) != nil:
		return gosrt.REJ_BADSECRET, "its passphrase is not the one that is set here"
	}
	return 0, ""
}
