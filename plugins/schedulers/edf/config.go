package edf

import (
	"github.com/shoal-live/shoal/plugins/schedulers/parts/mesh"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/settings"
)

// Params tune the policy. They are those of the mesh: package mesh gives name, default and limits of each.
type Params struct {
	mesh.Params
}

// Defaults are the parameters of an empty config.
func Defaults() Params { return Params{mesh.Defaults()} }

// parse reads the config's parameters over the defaults. Errors: scheduler.ErrParameter.
func parse(params map[string]string) (Params, error) {
	p := Defaults()
	err := settings.Read("edf", params, p.Settings())
	return p, err
}
