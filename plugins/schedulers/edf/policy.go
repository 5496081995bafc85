package edf

import (
	"cmp"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/mesh"
)

// New makes the policy; it is a scheduler.Factory. Errors: scheduler.ErrParameter.
func New(params map[string]string) (scheduler.Policy, error) {
	p, err := parse(params)
	if err != nil {
		return nil, err
	}
	return mesh.New(p.Params, &mesh.Puller{Order: sooner}), nil
}

// sooner puts the chunk first that is due first. Deadlines ascend with numbers, for a group is due after the one before.
func sooner(a, b mesh.Want) int { return cmp.Compare(a.Number, b.Number) }
