//go:build unix

package host

// baseEnvironment is what every process finds: where scripts look for their interpreter.
func baseEnvironment() []string { return []string{"PATH=/usr/local/bin:/usr/bin:/bin"} }

// always are variables that every process is given.
func always() []string { return nil }
