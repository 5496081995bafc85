//go:build unix

package host

// baseEnvironment is what every process finds: where scripts look for their interpreter, and a locale in which text is UTF-8.
func baseEnvironment() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"}
}

// shortFolders are temporary folders with a short path.
func shortFolders() []string { return []string{"/tmp"} }

// always are variables that every process is given.
func always() []string { return nil }
