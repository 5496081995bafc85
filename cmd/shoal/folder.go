package main

import (
	"os"
	"path/filepath"
)

// workplace is the folder named or, without a name, a temporary one, with a log in it. done closes the log, and removes a
// temporary folder.
func workplace(name, pattern string) (dir string, log *os.File, done func(), err error) {
	remove := func() {}
	if dir = name; dir != "" {
		err = os.MkdirAll(dir, 0o755)
	} else {
		dir, err = os.MkdirTemp("", pattern)
		remove = func() { _ = os.RemoveAll(dir) } // the system clears it otherwise
	}
	if err == nil {
		log, err = os.Create(filepath.Join(dir, "shoal.log"))
	}
	if err != nil {
		remove()
		return "", nil, nil, err
	}
	return dir, log, func() {
		_ = log.Close() // a log
		remove()
	}, nil
}
