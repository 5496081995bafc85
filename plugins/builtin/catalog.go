// Package builtin is the catalogue of the plugins that come with Shoal: one table, read top to bottom.
package builtin

import (
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/egress/hls"
	"github.com/shoal-live/shoal/plugins/egress/pipe"
	"github.com/shoal-live/shoal/plugins/egress/publish"
	"github.com/shoal-live/shoal/plugins/egress/rtsp"
	"github.com/shoal-live/shoal/plugins/ingest/file"
	hlsin "github.com/shoal-live/shoal/plugins/ingest/hls"
	"github.com/shoal-live/shoal/plugins/ingest/mediamtx"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts"
	rtspin "github.com/shoal-live/shoal/plugins/ingest/rtsp"
	"github.com/shoal-live/shoal/plugins/ingest/srt"
	"github.com/shoal-live/shoal/plugins/schedulers/clubs"
	"github.com/shoal-live/shoal/plugins/schedulers/edf"
	"github.com/shoal-live/shoal/plugins/schedulers/latest"
	"github.com/shoal-live/shoal/plugins/schedulers/rarest"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
	"github.com/shoal-live/shoal/transports/quic"
)

// Plugins are the built-in ones, by kind and name. The first of a kind is its default.
func Plugins() []bridge.Plugin {
	return []bridge.Plugin{
		{Kind: bridge.KindTransport, Name: "quic", Transport: newQUIC},
		{Kind: bridge.KindPolicy, Name: "substream", Policy: substream.New},
		{Kind: bridge.KindPolicy, Name: "clubs", Policy: clubs.New},
		{Kind: bridge.KindPolicy, Name: "latest", Policy: latest.New},
		{Kind: bridge.KindPolicy, Name: "rarest", Policy: rarest.New},
		{Kind: bridge.KindPolicy, Name: "edf", Policy: edf.New},
		{Kind: bridge.KindIngest, Name: "mediamtx", Ingest: mediamtx.New, Discoverer: mediamtx.NewDiscoverer},
		{Kind: bridge.KindIngest, Name: "rtsp", Ingest: rtspin.New},
		{Kind: bridge.KindIngest, Name: "file", Ingest: file.New},
		{Kind: bridge.KindIngest, Name: "hls", Ingest: hlsin.New},
		{Kind: bridge.KindIngest, Name: "mpegts", Ingest: mpegts.New},
		{Kind: bridge.KindIngest, Name: "srt", Ingest: srt.New},
		{Kind: bridge.KindEgress, Name: "hls", Egress: hls.New},
		{Kind: bridge.KindEgress, Name: "rtsp", Egress: rtsp.New},
		{Kind: bridge.KindEgress, Name: "publish", Egress: publish.New},
		{Kind: bridge.KindEgress, Name: "pipe", Egress: pipe.New},
	}
}

func newQUIC(c transport.Config) (transport.Transport, error) {
	t, err := quic.New(c)
	if err != nil {
		return nil, err // and no typed nil
	}
	return t, nil
}
