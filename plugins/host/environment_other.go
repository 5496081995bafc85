//go:build !unix

package host

// baseEnvironment is what every process finds.
func baseEnvironment() []string { return nil }

// shortFolders are temporary folders with a short path.
func shortFolders() []string { return nil }

// always are variables that every process is given: Windows opens no socket without SystemRoot.
func always() []string { return []string{"SystemRoot"} }
