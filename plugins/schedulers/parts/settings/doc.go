// Package settings reads a policy's parameters: the config's `name: value` pairs, each with its limits, over the defaults
// that the policy has put in.
//
//	err := settings.Read("mine", params, []settings.Setting{
//		settings.Whole("copies", &p.Copies, 1, 16),
//		settings.Span("announce", &p.Announce, 50*time.Millisecond, 2*time.Second),
//	})
package settings
