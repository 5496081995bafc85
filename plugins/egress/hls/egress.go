package hls

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/shoal-live/shoal/core/egress"
)

// New serves at Config.Listen, host:port; port 0 takes a free one. Parameters:
//
//	partDuration   of media, default 200ms, 50ms to 2s
//	segmentMin     the shortest segment, default 1s, 200ms to 10s: a segment ends at the first random-access group after it
//	allowOrigin    value of Access-Control-Allow-Origin, for pages of other sites that play the stream; default none
//
// Errors: egress.ErrConfig.
func New(cfg egress.Config) (egress.Egress, error) {
	o, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Pacing implements egress.Egress: players buffer by themselves.
func (o *output) Pacing() egress.Pacing { return egress.AsComplete }

// Run implements egress.Egress.
func (o *output) Run(ctx context.Context, items <-chan egress.Item, ready func([]string)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("%w: hls: listen on %s: %w (end what uses it, or choose another address, port 0 for a free one)",
			egress.ErrOutput, o.listen, err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w := newWindow(o.shape, time.Now())
	s := newServer(ctx, o, w)
	served := make(chan error, 1)
	go func() { served <- s.Serve(limit(listener, maxConns)) }()
	defer func() {
		stop() // requests that wait for a part end
		_ = s.Close()
		<-served
		s.requests.Wait()
	}()

	ready([]string{pageURL(listener.Addr(), o.stream) + "index.m3u8", pageURL(listener.Addr(), o.stream)})
	b := builder{window: w, log: o.log}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-served:
			served <- err
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return fmt.Errorf("%w: hls: %s: %w", egress.ErrOutput, listener.Addr(), err)
		case item, ok := <-items:
			if !ok {
				return nil
			}
			b.take(item)
		}
	}
}

// pageURL is where a player on this machine finds the stream's page.
func pageURL(bound net.Addr, stream string) string {
	host, port, err := net.SplitHostPort(bound.String())
	if err != nil {
		host = bound.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: "/" + stream + "/"}
	return u.String()
}
