package sdk

import (
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
)

// Plugin is one implementation of one kind, made by the functions of this package.
type Plugin = bridge.Plugin

// Transport is a transport under a name. The factory's errors reach whoever asked for it.
func Transport(name string, factory func(transport.Config) (transport.Transport, error)) Plugin {
	return Plugin{Kind: bridge.KindTransport, Name: name, Transport: factory}
}

// Policy is a policy under a name. The factory is called once for each stream.
func Policy(name string, factory scheduler.Factory) Plugin {
	return Plugin{Kind: bridge.KindPolicy, Name: name, Policy: factory}
}

// Ingest is an ingest under a name. The factory is called once for each source.
func Ingest(name string, factory ingest.Factory) Plugin {
	return Plugin{Kind: bridge.KindIngest, Name: name, Ingest: factory}
}

// DiscoveringIngest is an ingest that can list what a server offers, too.
func DiscoveringIngest(name string, factory ingest.Factory, discoverer ingest.DiscovererFactory) Plugin {
	return Plugin{Kind: bridge.KindIngest, Name: name, Ingest: factory, Discoverer: discoverer}
}

// Egress is an egress under a name. The factory is called once for each stream.
func Egress(name string, factory egress.Factory) Plugin {
	return Plugin{Kind: bridge.KindEgress, Name: name, Egress: factory}
}
