// Package scenario reads scenarios: a stream, who watches it over which uplinks and network, when they join, and what goes
// wrong. `shoal sim` runs one in virtual time, and [Scenario.Simulation] is what it runs. The file is YAML with camelCase
// keys, Go durations, rates in bits per second or in multiples of the stream (0.7x), and shares in percent (20%). Every key has
// a default; an error names the file, the line, the key, and what would be right.
//
// A multiple of the stream counts what one copy of it takes on the wire, with headers, proofs and
// acknowledgements.
package scenario
