package rarest

import (
	"cmp"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/plugins/schedulers/mesh"
)

// New makes the policy; it is a scheduler.Factory. Errors: scheduler.ErrParameter.
func New(params map[string]string) (scheduler.Policy, error) {
	p, err := parse(params)
	if err != nil {
		return nil, err
	}
	return mesh.New(p.Params, &mesh.Puller{Order: rarer}), nil
}

// rarer puts the chunk first that fewer neighbours hold, and one at random among equals: if all asked for the same one, they
// would have it all, and nothing to give one another.
func rarer(a, b mesh.Want) int {
	return cmp.Or(cmp.Compare(a.Holders, b.Holders), cmp.Compare(a.Tie, b.Tie))
}
