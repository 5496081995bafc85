package rtsp

import (
	"fmt"
	"log/slog"
	"net"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/feed"
)

// DefaultListen is the address when Config.Listen is empty: MediaMTX's own is 8554.
const DefaultListen = "127.0.0.1:9554"

// start says where a new reader begins.
type start string

// The choices of the parameter.
const (
	startNow  start = "now"
	startLive start = "live"
)

// output is the egress.
type output struct {
	stream string
	listen string
	start  start
	log    *slog.Logger
}

// parse reads cfg. Errors: egress.ErrConfig, naming the parameter.
func parse(cfg egress.Config) (*output, error) {
	o := &output{listen: cfg.Listen, log: cfg.Log}
	if o.listen == "" {
		o.listen = DefaultListen
	}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	if _, _, err := net.SplitHostPort(o.listen); err != nil {
		return nil, fmt.Errorf("%w: listen: %q is no host:port: %w", egress.ErrConfig, o.listen, err)
	}
	if err := feed.KnownParams(&cfg, "start"); err != nil {
		return nil, err
	}
	choice, err := feed.ChoiceParam(&cfg, "start", string(startNow), string(startLive))
	if err != nil {
		return nil, err
	}
	o.start = start(choice)
	if o.stream, err = feed.StreamName(&cfg); err != nil {
		return nil, err
	}
	return o, nil
}
