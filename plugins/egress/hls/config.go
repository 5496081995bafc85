package hls

import (
	"fmt"
	"log/slog"
	"net"
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

// parse reads cfg. Errors: egress.ErrConfig, naming the parameter.
func parse(cfg egress.Config) (*output, error) {
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
