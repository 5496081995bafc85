// Package yaml reads a YAML file over a Go struct whose fields are tagged with their keys. An error names the file, the line,
// the key, and what would be right; so do errors about what was read, by the [Keys] that Parse gives. What the file does not
// say keeps the value that it had.
package yaml
