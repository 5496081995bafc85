package wire

import (
	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/host"
)

// measured adds to the records of plugins what the host has measured of their processes.
func measured(list []control.Plugin, by []host.Status) []control.Plugin {
	for i := range list {
		p := &list[i]
		for j := range by {
			s := &by[j]
			if s.Kind.String() != p.Kind || s.Name != p.Name {
				continue
			}
			p.Latency.Merge(&s.Calls)
			p.HealthMisses += s.HealthMisses
			p.BreakerSeconds = max(p.BreakerSeconds, s.OpenFor.Seconds())
			if s.State == host.Idle && p.State == "running" { // another has taken its place
				p.State, p.PID = "idle", 0
			}
			if p.Error == "" {
				p.Error = s.LastError // of a start: there is no event of it
			}
		}
		if n := p.Latency.Count(); n > 0 {
			p.Calls, p.CallP50MS, p.CallP99MS = n, p.Latency.Quantile(0.5)/1000, p.Latency.Quantile(0.99)/1000
		}
		if p.BreakerSeconds > 0 {
			p.State = "broken"
		}
	}
	return list
}

// ResetPlugin closes the breaker of a plugin. Errors: there is none of that kind and name.
func (s *Set) ResetPlugin(kind, name string) error {
	k, err := bridge.ParseKind(kind)
	if err != nil {
		return err
	}
	return s.host.Reset(k, name)
}
