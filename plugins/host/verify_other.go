//go:build !unix

package host

import "io/fs"

// checkMode leaves it to the platform's own permissions.
func checkMode(string, fs.FileInfo) error { return nil }
