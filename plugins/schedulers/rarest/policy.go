package rarest

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
	return mesh.New(p.Params, &mesh.Puller{Order: p.before}), nil
}

// before puts what is urgent first, the oldest of it, and then the chunk that fewer neighbours hold, one at random among
// equals: if all asked for the same one, they would have it all, and nothing to give one another.
func (p *Params) before(a, b mesh.Want) int {
	if ua, ub := a.Age >= p.Urgent, b.Age >= p.Urgent; ua || ub {
		if ua && ub {
			return cmp.Compare(a.Number, b.Number)
		}
		if ua {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Holders, b.Holders), cmp.Compare(a.Tie, b.Tie))
}
