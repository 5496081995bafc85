package wire

import (
	"cmp"
	"slices"
	"sync"

	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/plugins/bridge"
)

// states is what is known of each plugin, from the events about it.
type states struct {
	mu  sync.Mutex
	all []*control.Plugin
}

// add takes it that a plugin is asked for, perhaps once more and otherwise isolated.
func (s *states) add(kind bridge.Kind, c config.Plugin) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(kind.String(), c.Name)
	if p == nil {
		p = &control.Plugin{Name: c.Name, Kind: kind.String()}
		s.all = append(s.all, p)
	}
	if p.Isolation == string(c.Isolation) {
		return
	}
	p.Isolation, p.State, p.PID = string(c.Isolation), "starting", 0
	if c.Isolation == config.Inline {
		p.State = "inline"
	}
}

// find is the record of a plugin; the lock is held.
func (s *states) find(kind, name string) *control.Plugin {
	for _, p := range s.all {
		if p.Kind == kind && p.Name == name {
			return p
		}
	}
	return nil
}

// follow changes a record by what has happened.
func (s *states) follow(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := e.(type) {
	case event.PluginStarted:
		if p := s.find(e.Kind, e.Name); p != nil {
			p.State, p.PID = "running", e.PID
		}
	case event.PluginRestarted:
		if p := s.find(e.Kind, e.Name); p != nil {
			p.State, p.PID, p.Restarts = "running", e.PID, e.Restarts
		}
	case event.PluginDied:
		if p := s.find(e.Kind, e.Name); p != nil {
			p.State, p.PID, p.Error = "restarting", 0, e.Cause
		}
	}
}

func (s *states) list() []control.Plugin {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]control.Plugin, 0, len(s.all))
	for _, p := range s.all {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b control.Plugin) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return list
}
