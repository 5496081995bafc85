package rtsp

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"github.com/bluenviron/gortsplib/v5"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/rtp"
)

const (
	queueLength = 8192             // packets of a reader, a power of two: ten seconds at several Mb/s
	writeTime   = 10 * time.Second // of one packet, before the connection is given up
	idleTime    = 60 * time.Second // of a connection that does not play
	maxConns    = 64               // open at once; those beyond are closed
)

// New serves at Config.Listen, host:port; port 0 takes a free one. Parameters:
//
//	start   "now" (default): a reader begins at once, with what has come since the newest key picture; a player that plays at
//	        constant speed stays that much behind. "live": it waits for the next key picture.
//
// Errors: egress.ErrConfig.
func New(cfg egress.Config) (egress.Egress, error) {
	o, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Pacing implements egress.Egress: readers have buffers of their own.
func (o *output) Pacing() egress.Pacing { return egress.AsComplete }

// Run implements egress.Egress.
func (o *output) Run(ctx context.Context, items <-chan egress.Item, ready func([]string)) error {
	if ctx.Err() != nil {
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	h := newHandler(ctx, o)
	h.server = &gortsplib.Server{
		Handler: h, RTSPAddress: o.listen, WriteQueueSize: queueLength,
		ReadTimeout: writeTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
	}
	if err := h.server.Start(); err != nil {
		return fmt.Errorf("%w: rtsp: listen on %s: %w (end what uses it, or choose another address, port 0 for a free one)",
			egress.ErrOutput, o.listen, err)
	}
	failed := make(chan error, 1)
	go func() { failed <- h.server.Wait() }()
	defer func() {
		stop() // readers that wait for an epoch end
		h.server.Close()
		<-failed
	}()

	ready([]string{streamURL(h.server.NetListener().Addr(), o.stream)})
	d := distributor{handler: h, log: o.log}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			failed <- err
			return fmt.Errorf("%w: rtsp: %s: %w", egress.ErrOutput, o.listen, err)
		case <-h.joined:
			d.join()
		case item, ok := <-items:
			if !ok {
				return nil
			}
			d.take(item)
		}
	}
}

// streamURL is where a reader on this machine finds the stream.
func streamURL(bound net.Addr, stream string) string {
	host, port, err := net.SplitHostPort(bound.String())
	if err != nil {
		host = bound.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	u := url.URL{Scheme: "rtsp", Host: net.JoinHostPort(host, port), Path: "/" + stream}
	return u.String()
}

// distributor turns items into packets and writes them to the readers. It belongs to the goroutine of Run.
type distributor struct {
	handler    *handler
	log        *slog.Logger
	packetizer rtp.Packetizer
	backlog    rtp.Backlog
	playing    []*reader // that have begun
}

func (d *distributor) take(item egress.Item) {
	switch item := item.(type) {
	case egress.Begin:
		d.begin(item)
	case egress.Gap:
		d.packetizer.Gap()
	case egress.Media:
		batch, err := d.packetizer.Media(&item.Group)
		if err != nil {
			d.log.Warn("rtsp: passed over", "error", err)
		}
		if len(batch.Units) > 0 {
			d.give(batch)
		}
	}
}

func (d *distributor) begin(b egress.Begin) {
	formats, err := d.packetizer.Begin(b.Descriptor)
	if err != nil {
		d.log.Warn("rtsp: passed over", "error", err)
		d.backlog.Reset(d.packetizer.Tracks())
		return
	}
	if formats == rtp.Same {
		return
	}
	d.backlog.Reset(d.packetizer.Tracks())
	d.playing = nil
	if err := d.handler.offer(d.packetizer.Session()); err != nil {
		d.log.Error("rtsp: formats cannot be offered", "error", err)
	}
}

// give hands new units to those who play, and lets those begin who wait for them.
func (d *distributor) give(batch rtp.Batch) {
	d.backlog.Add(batch)
	d.handler.forget(&d.playing)
	for _, r := range d.playing {
		r.write(batch.Units)
	}
	if batch.Start {
		for _, r := range d.handler.waiting() {
			r.keyed = true
		}
	}
	d.join()
}

// join lets readers begin where they can.
func (d *distributor) join() {
	for _, r := range d.handler.waiting() {
		if r.from == startLive && !r.keyed {
			continue
		}
		if units := d.backlog.Start(); units != nil && d.handler.begin(r) {
			r.write(units)
			d.playing = append(d.playing, r)
		}
	}
}
