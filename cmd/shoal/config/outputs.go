package config

// Outputs are the egresses of a stream, by the names that logs call them by. One that names no plugin is of the
// plugin of its own name.
type Outputs map[string]Plugin

// outputs is o, each of them resolved.
func (c *Config) outputs(o Outputs) Outputs {
	if len(o) == 0 {
		return nil
	}
	resolved := make(Outputs, len(o))
	for name, p := range o { // order-free: each on its own
		if p.Name == "" {
			p.Name = name
		}
		resolved[name] = c.Resolve("egress", isolated(p))
	}
	return resolved
}
