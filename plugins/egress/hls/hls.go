package hls

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/feed"
)

// DefaultListen is the address when Config.Listen is empty.
const DefaultListen = "127.0.0.1:9888"

// output is the egress.
type output struct {
	stream string
	listen string
	origin string // Access-Control-Allow-Origin, "" for none
	shape  shape
	log    *slog.Logger
}

// New serves at Config.Listen, host:port; port 0 takes a free one. Parameters:
//
//	partDuration   of media, default 200ms, 50ms to 2s
//	segmentMin     the shortest segment, default 1s, 200ms to 10s: a segment ends at the first random-access group after it
//	allowOrigin    value of Access-Control-Allow-Origin, for pages of other sites that play the stream; default none
//
// Errors: egress.ErrConfig.
func New(cfg egress.Config) (egress.Egress, error) {
	o := &output{listen: cfg.Listen, origin: cfg.Params["allowOrigin"], log: cfg.Log}
	if o.listen == "" {
		o.listen = DefaultListen
	}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	if _, _, err := net.SplitHostPort(o.listen); err != nil {
		return nil, fmt.Errorf("%w: listen: %q is no host:port: %w", egress.ErrConfig, o.listen, err)
	}
	if strings.ContainsAny(o.origin, "\r\n") {
		return nil, fmt.Errorf("%w: allowOrigin: %q is no origin", egress.ErrConfig, o.origin)
	}
	err := feed.KnownParams(&cfg, "partDuration", "segmentMin", "allowOrigin")
	if err == nil {
		o.stream, err = feed.StreamName(&cfg)
	}
	if err == nil {
		o.shape.part, err = feed.DurationParam(&cfg, "partDuration",
			feed.Limits{Default: 200 * time.Millisecond, Least: 50 * time.Millisecond, Most: 2 * time.Second})
	}
	if err == nil {
		o.shape.segmentMin, err = feed.DurationParam(&cfg, "segmentMin",
			feed.Limits{Default: time.Second, Least: 200 * time.Millisecond, Most: 10 * time.Second})
	}
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
