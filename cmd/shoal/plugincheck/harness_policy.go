package plugincheck

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/plugins/host"
)

// mostDeaths is how often a policy may die before it is given up: each time costs seconds.
const mostDeaths = 3

// policies makes the policies of one suite, which share a process. The suite makes one at a time.
type policies struct {
	job    *Job
	host   *host.Host
	deaths int
	last   error
}

// rig starts a host that ends with t.
func (j *Job) rig(t *testing.T) *host.Host {
	t.Helper()
	h, err := newHost(j.Self, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hosting(h))
	return h
}

func newPolicies(t *testing.T, j *Job) *policies { return &policies{job: j, host: j.rig(t)} }

// make is a scheduler.Factory.
func (p *policies) make(params map[string]string) (scheduler.Policy, error) {
	if p.deaths >= mostDeaths {
		return nil, fmt.Errorf("it was given up after %d deaths, the last: %w", p.deaths, p.last)
	}
	c, err := p.host.Policy(context.Background(), p.job.spec(), p.job.merged(params))
	if err != nil {
		return nil, err // and no typed nil
	}
	return &watched{PolicyClient: c, of: p}, nil
}

// watched counts deaths.
type watched struct {
	host.PolicyClient
	of *policies
}

// Close notes a death first.
func (w *watched) Close() {
	if err := w.Err(); err != nil {
		w.of.deaths++
		w.of.last = err
	}
	w.PolicyClient.Close()
}
