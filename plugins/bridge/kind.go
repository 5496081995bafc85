package bridge

import (
	"fmt"
	"strings"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/transport"
)

// Kind of a plugin.
type Kind uint8

// The kinds.
const (
	KindTransport Kind = 1
	KindPolicy    Kind = 2
	KindIngest    Kind = 3
	KindEgress    Kind = 4
)

// String is the kind in lower case.
func (k Kind) String() string {
	switch k {
	case KindTransport:
		return "transport"
	case KindPolicy:
		return "policy"
	case KindIngest:
		return "ingest"
	case KindEgress:
		return "egress"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// ParseKind reads what String writes. Errors: lists the kinds.
func ParseKind(s string) (Kind, error) {
	for k := KindTransport; k <= KindEgress; k++ {
		if k.String() == s {
			return k, nil
		}
	}
	return 0, fmt.Errorf("no plugin kind %q (have: transport, policy, ingest, egress)", s)
}

// kindFrom is the kind of a protobuf number, which is the same.
func kindFrom(k pb.Kind) (Kind, bool) {
	return Kind(k), k >= pb.Kind_KIND_TRANSPORT && k <= pb.Kind_KIND_EGRESS
}

// TransportFactory makes a transport. Errors: transport.ErrAddress, or any other.
type TransportFactory func(transport.Config) (transport.Transport, error)

// Plugin is one implementation: its kind, its name, and the factory of that kind. Exactly one factory is set, but
// for Discoverer, which may be set beside Ingest.
type Plugin struct {
	Kind       Kind
	Name       string
	Transport  TransportFactory
	Policy     scheduler.Factory
	Ingest     ingest.Factory
	Discoverer ingest.DiscovererFactory
	Egress     egress.Factory
}

// capabilities are what the plugin does beyond the least.
func (p *Plugin) capabilities() []string {
	if p.Discoverer != nil {
		return []string{CapabilityDiscover}
	}
	return nil
}

// CapabilityDiscover: an ingest that can list what a server offers.
const CapabilityDiscover = "discover"

// Find is the plugin of a kind and name. ok is false when there is none.
func Find(plugins []Plugin, kind Kind, name string) (p Plugin, ok bool) {
	for _, p := range plugins {
		if p.Kind == kind && p.Name == name {
			return p, true
		}
	}
	return Plugin{}, false
}

// Names are the names of a kind, in the table's order.
func Names(plugins []Plugin, kind Kind) []string {
	var names []string
	for _, p := range plugins {
		if p.Kind == kind {
			names = append(names, p.Name)
		}
	}
	return names
}

func join(list []string) string { return strings.Join(list, ", ") }
