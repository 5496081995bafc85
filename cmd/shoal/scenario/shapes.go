package scenario

import (
	"reflect"

	"github.com/goccy/go-yaml/ast"

	"github.com/shoal-live/shoal/cmd/shoal/yaml"
)

// Joins are the entries of the key join; a single one may stand without a list.
type Joins []Join

// FromYAML implements yaml.Shaped.
func (j *Joins) FromYAML(d *yaml.Decoder, n ast.Node, key string) error {
	if n.Type() == ast.SequenceType {
		return d.List(n, reflect.ValueOf((*[]Join)(j)).Elem(), key)
	}
	var one Join
	if err := d.Struct(n, reflect.ValueOf(&one).Elem(), key); err != nil {
		return err
	}
	*j = Joins{one}
	return nil
}

// Policies are the entries of the key policy: a name, a mapping, or a list of these to compare.
type Policies []Policy

// FromYAML implements yaml.Shaped.
func (p *Policies) FromYAML(d *yaml.Decoder, n ast.Node, key string) error {
	if n.Type() == ast.SequenceType {
		return d.List(n, reflect.ValueOf((*[]Policy)(p)).Elem(), key)
	}
	var one Policy
	if err := one.FromYAML(d, n, key); err != nil {
		return err
	}
	*p = Policies{one}
	return nil
}

// FromYAML implements yaml.Shaped: a name is short for a mapping that has only that.
func (p *Policy) FromYAML(d *yaml.Decoder, n ast.Node, key string) error {
	if name, ok := yaml.Scalar(n); ok {
		p.Name = name
		return nil
	}
	return d.Struct(n, reflect.ValueOf(p).Elem(), key)
}
