package publish

import (
	"fmt"
	"log/slog"

	"github.com/bluenviron/gortsplib/v5/pkg/base"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/feed"
)

// output is the egress.
type output struct {
	url   *base.URL
	shown string // without its password
	log   *slog.Logger
}

// parse reads cfg. Errors: egress.ErrConfig, naming the parameter.
func parse(cfg egress.Config) (*output, error) {
	if err := feed.KnownParams(&cfg); err != nil {
		return nil, err
	}
	u, err := base.ParseURL(cfg.Listen)
	if err != nil || u.Host == "" || len(u.Path) < 2 {
		return nil, fmt.Errorf("%w: listen: want the URL of a path to publish to, such as rtsp://127.0.0.1:8554/cam1", egress.ErrConfig)
	}
	o := &output{url: u, shown: u.CloneWithoutCredentials().String(), log: cfg.Log}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}
