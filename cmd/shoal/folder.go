package main

import "os"

// folder is the one named or, without a name, a temporary one, and what removes that at the end.
func folder(name, pattern string) (string, func(), error) {
	if name != "" {
		return name, func() {}, os.MkdirAll(name, 0o755)
	}
	dir, err := os.MkdirTemp("", pattern)
	return dir, func() { _ = os.RemoveAll(dir) }, err
}
