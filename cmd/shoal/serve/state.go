package serve

import (
	"slices"
	"strings"

	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/cmd/shoal/keys"
	"github.com/shoal-live/shoal/core/node"
)

var _ control.State = (*Server)(nil)

// Stats measures the node.
func (s *Server) Stats() (node.Stats, error) { return s.node.Stats() }

// Plugins lists those configured.
func (s *Server) Plugins() []control.Plugin { return s.set.Plugins() }

// Ready reports whether the transports listen.
func (s *Server) Ready() bool {
	select {
	case <-s.node.Ready():
		return true
	default:
		return false
	}
}

// Streams lists the paths of the media server.
func (s *Server) Streams() []control.Stream {
	s.mu.Lock()
	list := make([]control.Stream, 0, len(s.streams))
	for name, p := range s.streams {
		one := control.Stream{Name: name, State: "waiting", Reason: p.reason, Since: p.since, Codecs: p.codecs}
		switch {
		case p.live:
			one.State = "live"
		case p.cancel == nil:
			one.State = "not shared"
		case p.holder != "":
			one.State = "standby"
		}
		if p.cancel != nil {
			one.URL = strings.TrimSuffix(s.Base(), "/") + "/" + name
		}
		list = append(list, one)
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b control.Stream) int { return strings.Compare(a.Name, b.Name) })
	if s.meeting != nil {
		for i := range list {
			if st, ok := s.meeting.Server.Stream(list[i].Name); ok {
				list[i].Viewers = st.Viewers
			}
			if sw, ok := s.meeting.Server.Swarm(list[i].Name, 0); ok {
				t := sw.Totals
				list[i].Audience = &control.Audience{
					Playing: t.Playing, DelayP50MS: t.DelayP50MS, DelayP95MS: t.DelayP95MS, FromPeers: t.FromPeers, Continuity: t.Continuity,
				}
				for _, a := range t.Policies {
					list[i].Audience.Policies = append(list[i].Audience.Policies, control.Arm(a))
				}
			}
		}
	}
	return list
}

// Info is about the process.
func (s *Server) Info() control.Info {
	cfg := s.config.Load()
	var addresses []string
	for _, a := range s.node.Addresses() {
		addresses = append(addresses, string(a))
	}
	return control.Info{
		Version: s.opts.Version, Started: s.started, Node: s.node.Self().Text(), Publisher: keys.Public(s.publisher),
		Addresses: addresses, UplinkBps: uint64(cfg.Uplink), BusURL: s.bus.URL(), BusUp: s.bus.Connected(),
		Rendezvous: s.Base(), MediaServer: cfg.MediaMTX.API,
	}
}

// ResetPlugin closes the breaker of a plugin. Errors: there is none of that kind and name.
func (s *Server) ResetPlugin(kind, name string) error { return s.set.ResetPlugin(kind, name) }
