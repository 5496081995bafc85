//go:build !unix

package host

import "os"

// baseEnvironment is what every process finds: Windows opens no socket without SystemRoot.
func baseEnvironment() []string { return []string{"SystemRoot=" + os.Getenv("SystemRoot")} }
