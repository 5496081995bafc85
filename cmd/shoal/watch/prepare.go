package watch

import (
	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/node"
)

// prepare makes the viewer's part in the stream.
func (v *Viewer) prepare() error {
	client, err := rendezvous.NewClient(rendezvous.ClientConfig{URL: v.info.Base, Identity: v.identity, Log: v.opts.Log, Advised: v.advised})
	if err != nil {
		return err
	}
	policy, err := v.set.Policy(v.wanted.policy)
	if err != nil {
		return err
	}
	v.policy = policy.Name
	outputs, err := v.set.Outputs(v.outputs(v.wanted.outputs))
	if err != nil {
		return err
	}
	v.stream = node.StreamConfig{
		Name: v.info.Name, Stream: v.info.ID, Role: v.opts.Role, Policy: policy, Fallback: wire.Fallback,
		Rendezvous: client, Signed: v.info.Signed, Seed: wire.Seed(), Outputs: append(outputs, v.opts.Taps...),
	}
	return nil
}

// outputs are those wanted, for the set.
func (v *Viewer) outputs(wanted config.Outputs) wire.OutputsConfig {
	return wire.OutputsConfig{Stream: v.info.Name, Wanted: wanted, Ready: v.opts.Ready}
}

// advised goes over to the policy that the operator of the stream wants, unless the viewer has chosen one itself.
func (v *Viewer) advised(p rendezvous.Policy) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked = &p
	if v.wanted.chosen || p.Label() == v.policy {
		return
	}
	wanted := v.asksFor(v.wanted.policy)
	source, err := v.set.Policy(wanted)
	if err == nil {
		err = v.node.SetPolicy(v.info.Name, source)
	}
	if err != nil {
		v.opts.Log.Warn("the policy that this stream asks for is not used", "policy", p.Label(), "error", err)
		return
	}
	v.policy, v.wanted.policy = p.Label(), wanted
	v.opts.Log.Info("policy changed, as the stream asks", "policy", v.policy)
}

// asksFor is the policy that the operator of the stream wants, in the place of own. The lock is held.
func (v *Viewer) asksFor(own config.Plugin) config.Plugin {
	if v.asked == nil {
		return own
	}
	p := config.Plugin{Name: v.asked.Name, Isolation: own.Isolation, Listen: own.Listen}
	if len(v.asked.Params) > 0 {
		p.Params = v.asked.Params
	}
	return p
}
