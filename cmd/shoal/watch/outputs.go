package watch

import (
	"crypto/ed25519"

	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// prepare makes the viewer's part in the stream.
func (v *Viewer) prepare(identity ed25519.PrivateKey) error {
	client, err := rendezvous.NewClient(rendezvous.ClientConfig{URL: v.info.Base, Identity: identity, Log: v.opts.Log, Advised: v.advised})
	if err != nil {
		return err
	}
	policy, err := v.set.Policy(v.choice(v.opts.Policy, "substream"))
	if err != nil {
		return err
	}
	v.policy = policy.Name
	outputs, err := v.outputs()
	if err != nil {
		return err
	}
	v.stream = node.StreamConfig{
		Name: v.info.Name, Stream: v.info.ID, Role: swarm.Viewer, Policy: policy, Fallback: wire.Fallback,
		Rendezvous: client, Signed: v.info.Signed, Seed: wire.Seed(), Outputs: outputs,
	}
	return nil
}

// advised goes over to the policy that the operator of the stream wants, unless the viewer has chosen one itself.
func (v *Viewer) advised(p rendezvous.Policy) {
	if v.opts.Policy.Name != "" || v.opts.Policy.Path != "" || p.Label() == v.policy {
		return
	}
	source, err := v.set.Policy(config.Plugin{Name: p.Name, Params: p.Params, Isolation: v.opts.Isolation})
	if err == nil {
		err = v.node.SetPolicy(v.info.Name, source)
	}
	if err != nil {
		v.opts.Log.Warn("the policy that this stream asks for is not used", "policy", p.Label(), "error", err)
		return
	}
	v.policy = p.Label()
	v.opts.Log.Info("policy changed, as the stream asks", "policy", v.policy)
}

// outputs are those asked for.
func (v *Viewer) outputs() ([]node.Output, error) {
	var list []node.Output
	for _, o := range []struct {
		name, listen string
		isolation    config.Isolation
	}{
		{"hls", v.opts.HLS, v.opts.Isolation},
		{"rtsp", v.opts.RTSP, v.opts.Isolation},
		{"publish", v.opts.Publish, v.opts.Isolation},
		{"pipe", v.opts.Pipe, config.Inline}, // it writes to this process's standard output
	} {
		if o.listen == "" {
			continue
		}
		out, err := v.set.Output(wire.OutputConfig{
			Plugin: config.Plugin{Name: o.name, Isolation: o.isolation},
			Egress: egress.Config{Stream: v.info.Name, Listen: o.listen, Log: v.opts.Log},
		})
		if err != nil {
			return nil, err
		}
		out.Ready = func(urls []string) {
			if v.opts.Ready != nil {
				v.opts.Ready(o.name, urls)
			}
		}
		list = append(list, out)
	}
	return list, nil
}
