package wire

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/egress/pipe"
)

// standardOutput is the address of a pipe that writes to this process's standard output.
const standardOutput = "-"

// OutputsConfig describes the egresses of one stream.
type OutputsConfig struct {
	Stream string                             // its name
	Wanted config.Outputs                     // resolved
	Ready  func(output string, urls []string) // called each time one is up, from its own goroutine; nil for none
}

// Outputs are the egresses of a stream as a node takes them, by name. Errors: lists the choices.
func (s *Set) Outputs(c OutputsConfig) ([]node.Output, error) {
	list := make([]node.Output, 0, len(c.Wanted))
	for _, name := range slices.Sorted(maps.Keys(c.Wanted)) {
		out, err := s.output(name, c.Wanted[name], c.Stream)
		if err != nil {
			return nil, err
		}
		if c.Ready != nil {
			out.Ready = func(urls []string) { c.Ready(name, urls) }
		}
		list = append(list, out)
	}
	return list, nil
}

// ChangeOutputs has a node's part in a stream, which has the outputs was, have those that c wants, while it plays. One that
// stays as it is goes on undisturbed. Errors: lists the choices, and then nothing has changed; the node's.
func (s *Set) ChangeOutputs(n *node.Node, was config.Outputs, c OutputsConfig) error {
	list, err := s.Outputs(c)
	if err != nil {
		return err
	}
	same := func(name string) bool {
		before, had := was[name]
		after, has := c.Wanted[name]
		return had && has && reflect.DeepEqual(before, after)
	}
	for name := range was { // order-free: each on its own
		if !same(name) {
			if err := n.RemoveOutput(c.Stream, name); err != nil {
				return err
			}
		}
	}
	for _, out := range list {
		if !same(out.Name) {
			if err := n.AddOutput(c.Stream, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// egressConfig is what the egress p of a stream is given. {stream} in its address stands for the stream's name.
func egressConfig(p config.Plugin, stream string) egress.Config {
	return egress.Config{Stream: stream, Listen: strings.ReplaceAll(p.Listen, "{stream}", stream), Params: p.Params}
}

// output is the egress p, which its stream calls name.
func (s *Set) output(name string, p config.Plugin, stream string) (node.Output, error) {
	ec := egressConfig(p, stream)
	ec.Log = s.log
	if p.Name == "pipe" && p.Path == "" && p.Listen == standardOutput {
		return node.Output{Name: name, Start: func(context.Context) (egress.Egress, error) { return toStandardOutput(ec) }}, nil
	}
	spec, err := s.spec(bridge.KindEgress, p)
	return node.Output{Name: name, Start: func(ctx context.Context) (egress.Egress, error) {
		return s.host.Egress(ctx, spec, ec)
	}}, err
}

// toStandardOutput is a pipe to this process's standard output.
func toStandardOutput(cfg egress.Config) (egress.Egress, error) {
	out, err := pipe.Stdout() // each life closes what it was given
	if err != nil {
		return nil, err
	}
	return pipe.To(out, "standard output")(cfg)
}
