package host

import (
	"fmt"
	"os"
)

const (
	maxSocketPath = 103 // bytes, on the platform that takes the fewest
	socketPath    = 56  // bytes of "/sh-0123456789/plugin-dir0123456789/plugin0123456789" and a little
)

// privateFolder makes a folder for the sockets of one process, which only this user can enter: in Config.Dir, or, where
// a socket's path would be too long for the platform there, in a temporary folder.
func (h *Host) privateFolder() (string, error) {
	var short string
	for _, dir := range append([]string{h.cfg.Dir, os.TempDir()}, shortFolders()...) {
		if len(dir)+socketPath <= maxSocketPath {
			short = dir
			break
		}
	}
	if short == "" {
		return "", fmt.Errorf("the path %s is too long for a socket, and so is that of the temporary folder", h.cfg.Dir)
	}
	return os.MkdirTemp(short, "sh-")
}
