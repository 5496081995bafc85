package rarest

import (
	"time"

	"github.com/shoal-live/shoal/plugins/schedulers/parts/mesh"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/settings"
)

// Params tune the policy: those of the mesh, which package mesh gives name, default and limits of, and its own.
type Params struct {
	mesh.Params
	Urgent time.Duration // urgent: age from which on a missing chunk goes before all rare ones, the oldest first; 1.5s, 0..4s. At 4s none does
}

// Defaults are the parameters of an empty config.
func Defaults() Params { return Params{mesh.Defaults(), 1500 * time.Millisecond} }

// parse reads the config's parameters over the defaults. Errors: scheduler.ErrParameter.
func parse(params map[string]string) (Params, error) {
	p := Defaults()
	err := settings.Read("rarest", params, append(p.Settings(), settings.Span("urgent", &p.Urgent, 0, 4*time.Second)))
	return p, err
}
